package import Foundation
import HTTPTransport
import Replication

/// An S3 on loopback that keeps its objects in memory and obeys conditions. It refuses whoever does
/// not sign, does not say the type of what they send, or sends another body than they signed.
package final class FakeBucket: Sendable {
  package enum Fault: Sendable {
    /// Connections end at once.
    case away
    /// Nothing is said, and nothing done.
    case silent
    /// What is asked for is done, and the connection ends without an answer.
    case losesAnswers
    case refuses(status: Int, code: String?)
    /// Writes are done whatever their conditions.
    case ignoresConditions
    /// Something else answers.
    case speaks(status: Int, String)
  }

  package struct Stored: Sendable {
    package var body: Data
    package var etag: String
    package var written: Date
  }

  package struct Contents: Sendable {
    /// By their whole keys.
    package var objects: [String: Stored] = [:]
    /// Method and key of each request that came, such as `PUT aidevbot/lease`; a list has none.
    package var calls: [String] = []
    package var fault: Fault?
    /// For so many requests; `nil` for all to come.
    package var faultsLeft: Int?
    /// The bucket's own clock.
    package var now = Date(timeIntervalSince1970: 1_800_000_000)
    /// S3's own.
    package var pageSize = 1_000
  }

  package static let accessKeyID = "AKIDFAKE"
  package static let secretAccessKey = "bucket-secret"
  private static let name = "backups"
  private static let region = "eu-fake-1"

  package let contents = Watched(Contents())
  package let prefix: String
  private let server: LoopbackServer

  package init(prefix: String = "aidevbot") throws {
    self.prefix = prefix
    server = try LoopbackServer { [contents] request in
      Self.answer(to: request, contents)
    }
  }

  /// As it is written in `standby.bucket`.
  package var address: String {
    "s3://\(Self.name)/\(prefix)?endpoint=\(server.url)&region=\(Self.region)&forcePathStyle=true"
  }

  /// Has the next requests, or all from now on, go wrong.
  package func fail(_ fault: Fault, times: Int? = nil) {
    contents.change { ($0.fault, $0.faultsLeft) = (fault, times) }
  }

  package func recover() {
    contents.change { $0.fault = nil }
  }

  /// An object as somebody else has written it.
  package func store(_ key: String, _ body: Data) {
    contents.change { $0.store(prefix.isEmpty ? key : "\(prefix)/\(key)", body) }
  }

  package func body(of key: String) -> Data? {
    contents.value.objects[prefix.isEmpty ? key : "\(prefix)/\(key)"]?.body
  }

  private static func answer(to request: LoopbackRequest, _ contents: Watched<Contents>)
    -> LoopbackReply
  {
    let target = request.target.split(separator: "?", maxSplits: 1).map(String.init)
    let root = "/\(name)"
    let key = target[0].hasPrefix(root + "/") ? target[0].dropFirst(root.count + 1) : ""
    let fault = contents.change { contents -> Fault? in
      contents.calls.append("\(request.method) \(key.removingPercentEncoding ?? "")")
      guard let fault = contents.fault else { return nil }
      guard let left = contents.faultsLeft else { return fault }
      contents.faultsLeft = left - 1
      if left <= 1 { contents.fault = nil }
      return fault
    }
    switch fault {
    case .away: return .reset
    case .silent: return .hang
    case .speaks(let status, let text): return .html(text, status: status)
    case .refuses(let status, let code): return refusal(status, code)
    case nil, .losesAnswers, .ignoresConditions: break
    }
    if let refusal = refusal(of: request, target) { return refusal }
    guard target[0] == root || target[0].hasPrefix(root + "/"),
      let key = String(key).removingPercentEncoding
    else { return refusal(404, "NoSuchBucket") }
    var obeys = true
    if case .ignoresConditions = fault { obeys = false }
    let reply = contents.change { contents in
      key.isEmpty
        ? contents.list(target.count > 1 ? target[1] : "")
        : contents.carryOut(request, key, obeysConditions: obeys)
    }
    if case .losesAnswers = fault { return .raw(Data()) }
    return reply
  }

  fileprivate static func refusal(_ status: Int, _ code: String?) -> LoopbackReply {
    let text = code.map {
      #"<?xml version="1.0" encoding="UTF-8"?><Error><Code>\#($0)</Code></Error>"#
    }
    return .response(
      status: status, headers: ["Content-Type": "application/xml"], body: Data((text ?? "").utf8))
  }

  /// What S3 says of a request that is not what was signed.
  private static func refusal(of request: LoopbackRequest, _ target: [String]) -> LoopbackReply? {
    let headers = request.headers
    guard let authorization = headers["authorization"] else { return refusal(403, "AccessDenied") }
    guard headers["content-type"] == "application/octet-stream" else {
      return refusal(400, "MissingContentType")
    }
    guard headers["x-amz-content-sha256"] == SHA256.digest(of: request.body).hexadecimal else {
      return refusal(400, "XAmzContentSHA256Mismatch")
    }
    let form = Date.ISO8601FormatStyle(dateSeparator: .omitted, timeSeparator: .omitted)
    guard let method = HTTPRequest.Method(rawValue: request.method),
      let names = authorization.firstMatch(of: /SignedHeaders=([^,]*)/)?.1.split(separator: ";"),
      let time = headers["x-amz-date"].flatMap({ try? form.parse($0) })
    else { return refusal(400, "AuthorizationHeaderMalformed") }
    let must = ["host", "if-match", "if-none-match"].filter { headers[$0] != nil }
    let own = RequestSignature(
      region: region, accessKeyID: accessKeyID, secretAccessKey: secretAccessKey)
    let signed = own.signed(
      method, path: target[0], query: target.count > 1 ? target[1] : "",
      headers: names.map(String.init).filter {
        !["x-amz-date", "x-amz-content-sha256"].contains($0)
      }
      .map { ($0, headers[$0] ?? "") },
      body: request.body, at: time)
    guard must.allSatisfy({ names.contains(Substring($0)) }), signed.last?.value == authorization
    else { return refusal(403, "SignatureDoesNotMatch") }
    return nil
  }
}

// MARK: - What S3 does

extension FakeBucket.Contents {
  /// S3's ETag of such an object follows from its bytes alone, so this one does.
  private static func etag(of body: Data) -> String {
    "\"\(SHA256.digest(of: body).prefix(16).hexadecimal)\""
  }

  fileprivate mutating func store(_ key: String, _ body: Data) {
    objects[key] = FakeBucket.Stored(body: body, etag: Self.etag(of: body), written: now)
  }

  fileprivate mutating func carryOut(
    _ request: LoopbackRequest, _ key: String, obeysConditions: Bool
  ) -> LoopbackReply {
    let present = objects[key]
    if obeysConditions {
      if request.headers["if-none-match"] == "*", present != nil {
        return FakeBucket.refusal(412, "PreconditionFailed")
      }
      if let wanted = request.headers["if-match"] {
        guard let present else { return FakeBucket.refusal(404, "NoSuchKey") }
        if present.etag != wanted { return FakeBucket.refusal(412, "PreconditionFailed") }
      }
    }
    switch request.method {
    case "PUT":
      store(key, request.body)
      return reply(200, ["ETag": Self.etag(of: request.body)])
    case "DELETE":
      objects[key] = nil
      return reply(204)
    case "GET":
      guard let present else { return FakeBucket.refusal(404, "NoSuchKey") }
      return reply(
        200, ["ETag": present.etag, "Last-Modified": Self.http(present.written)], present.body)
    default: return FakeBucket.refusal(405, "MethodNotAllowed")
    }
  }

  /// A page of ListObjectsV2; where it goes on, it says in a token that has to be escaped.
  fileprivate func list(_ query: String) -> LoopbackReply {
    let parameters = URLComponents(string: "?\(query)")?.queryItems ?? []
    func value(_ name: String) -> String? { parameters.first { $0.name == name }?.value }
    guard value("list-type") == "2", let prefix = value("prefix") else {
      return FakeBucket.refusal(400, "InvalidArgument")
    }
    // S3's order is that of the bytes.
    func precede(_ one: some StringProtocol, _ other: some StringProtocol) -> Bool {
      one.utf8.lexicographicallyPrecedes(other.utf8)
    }
    let after = value("continuation-token").map { $0.dropFirst("/+= ".count) }
    let keys = objects.keys.filter { key in
      key.utf8.starts(with: prefix.utf8) && after.map { precede($0, key) } ?? true
    }.sorted { precede($0, $1) }
    let page = keys.prefix(pageSize)
    var xml = #"<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/">"#
    for key in page {
      let stored = objects[key]
      xml += "<Contents><Key>\(Self.escaped(key))</Key>"
      xml += "<LastModified>\((stored?.written ?? now).formatted(.iso8601))</LastModified>"
      xml += "<Size>\(stored?.body.count ?? 0)</Size></Contents>"
    }
    xml += "<IsTruncated>\(page.count < keys.count)</IsTruncated>"
    if page.count < keys.count, let last = page.last {
      xml += "<NextContinuationToken>/+= \(Self.escaped(last))</NextContinuationToken>"
    }
    return reply(200, [:], Data((xml + "</ListBucketResult>").utf8))
  }

  private func reply(_ status: Int, _ headers: [String: String] = [:], _ body: Data = Data())
    -> LoopbackReply
  {
    let headers = headers.merging(["Date": Self.http(now)]) { $1 }
    return .response(status: status, headers: headers, body: body)
  }

  private static func http(_ date: Date) -> String {
    let form = DateFormatter()
    form.locale = Locale(identifier: "en_US_POSIX")
    form.timeZone = .gmt
    form.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
    return form.string(from: date)
  }

  private static func escaped(_ text: String) -> String {
    let entities: [Unicode.Scalar: String] = [
      "&": "&amp;", "<": "&lt;", ">": "&#62;", "\r": "&#xD;", "\"": "&quot;", "'": "&apos;",
    ]
    return text.unicodeScalars.map { entities[$0] ?? String($0) }.joined()
  }
}
