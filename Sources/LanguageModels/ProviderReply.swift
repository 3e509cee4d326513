import Foundation
import HTTPTransport

/// A provider's response that has arrived whole, whatever its status is.
struct ProviderReply: Sendable {
  var head: HTTPResponseHead
  /// Empty if `events` holds what came.
  var body: Data
  /// The data of the events, if an event stream came; a provider that is asked for one may
  /// answer in one piece all the same.
  var events: [Data]?
  /// From the head, if the provider puts one there.
  var requestID: String?
  var keyIdentifier: String
  var responseTime: Duration

  /// A longer wait would be a provider's mistake, and makes no difference to us.
  private static let maximumWait: Double = 86_400

  var status: Int { head.status }
  var isSuccess: Bool { head.isSuccess }

  /// The `Retry-After` header, if it is a number of seconds.
  var retryAfter: Duration? {
    head.header("Retry-After").flatMap(Self.seconds)
  }

  /// Whether a CDN, a proxy or a web server has answered in place of the API, which writes no HTML.
  /// Statuses that say what is the matter by themselves are left to their meaning.
  var isPage: Bool {
    guard status < 500, ![401, 408, 413, 429].contains(status), events == nil else { return false }
    let start = String(decoding: body.prefix(Self.pageStart), as: UTF8.self)
      .trimmingCharacters(in: .whitespacesAndNewlines.union(["\u{FEFF}"])).lowercased()
    // Cloudflare's in one line are as in `error code: 1020`.
    if start.hasPrefix("<") || start.hasPrefix("error code: 1") { return true }
    let isHTML = head.header("Content-Type")?.lowercased().hasPrefix("text/html") == true
    return isHTML && !isSuccess && !start.hasPrefix("{") && !start.hasPrefix("[")
  }

  /// In bytes.
  private static let pageStart = 256

  /// Reads a number of seconds such as `8.94`; `nil` for one that is none or negative.
  static func seconds(_ text: some StringProtocol) -> Duration? {
    guard let seconds = Double(text), seconds >= 0 else { return nil }
    return .seconds(min(seconds, maximumWait))
  }
}
