import Foundation
import HTTPTransport
@testable import LanguageModels

/// A response of any status: the first line of the input is the status and perhaps a Retry-After,
/// as in `429 8.94`, the rest is the body.
struct Response {
  var head: HTTPResponseHead
  var body: Data

  init(_ input: [UInt8]) {
    let line = input.prefix { $0 != UInt8(ascii: "\n") }
    let words = String(decoding: line, as: UTF8.self).split(separator: " ", maxSplits: 1)
    // libcurl lets no other status through.
    let status = words.first.flatMap { Int($0) }.flatMap { 100...999 ~= $0 ? $0 : nil }
    let retryAfter = words.count > 1 ? [(name: "Retry-After", value: String(words[1]))] : []
    head = HTTPResponseHead(status: status ?? 200, headers: retryAfter)
    body = Data(input.dropFirst(line.count + 1))
  }

  /// As from a provider.
  var reply: ProviderReply {
    ProviderReply(head: head, body: body, keyIdentifier: "…", responseTime: .zero)
  }
}
