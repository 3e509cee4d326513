import Foundation
import HTTPTransport

/// A provider's response: whole, whatever its status is; or what has come of an answer.
struct ProviderReply: Sendable {
  var head: HTTPResponseHead
  /// If `events` holds what came, those lines of the stream that belong to no event: servers that
  /// fail in the middle write bare JSON.
  var body: Data
  /// The data of the events, if an event stream came; a provider that is asked for one may
  /// answer in one piece all the same.
  var events: [Data]?
  /// How many events were read as they came, and are not among `events`.
  var readEvents = 0
  /// Why there is no more of it; `nil` if it is whole.
  var interruption: HTTPError?
  /// Whether whoever asked has ended it.
  var isStopped = false
  /// From the head, if the provider puts one there.
  var requestID: String?
  var keyIdentifier: String
  var responseTime: Duration

  /// A longer wait would be a provider's mistake, and makes no difference to us.
  private static let maximumWait: Double = 86_400

  var status: Int { head.status }
  var isSuccess: Bool { head.isSuccess }

  /// Whether it is a refusal that names a field of the request.
  func refuses(field name: String) -> Bool {
    status == 400
      && String(decoding: body.prefix(Self.maximumErrorLength), as: UTF8.self).lowercased()
        .contains(name)
  }

  /// In bytes. Errors are short; what is longer holds something else.
  private static let maximumErrorLength = 16_384

  /// The JSON texts that make up an answer, and whether it was sent piece by piece.
  var pieces: (texts: [Data], isStream: Bool) {
    if let events, readEvents > 0 || !events.isEmpty || body.isEmpty {
      let start = body.first { !Set(" \t\r\n".utf8).contains($0) }
      let isJSON = start == UInt8(ascii: "{") || start == UInt8(ascii: "[")
      return (isJSON ? events + [body] : events, true)
    }
    if let elements = ProviderJSON.elements(of: body), !elements.isEmpty { return (elements, true) }
    return ([body], false)
  }

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
