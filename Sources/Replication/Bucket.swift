package import Foundation
package import HTTPTransport

/// A bucket of S3 or of what speaks like it, below one prefix: small objects, read and written
/// whole, and on condition. Keys are relative to the prefix.
package struct Bucket: Sendable {
  package struct Object: Sendable {
    package var body: Data
    /// As it was told, with its quotation marks.
    package var etag: String
    /// How long ago it was written, by the bucket's own clock, to the second; `nil` if it did not
    /// say.
    package var age: Duration?
  }

  package struct Listed: Sendable {
    package var key: String
    package var bytes: Int64
    package var age: Duration?
  }

  /// What must be so for a write to be done.
  package enum Condition: Sendable {
    case always
    /// There is none of that key.
    case isNew
    case matches(etag: String)
  }

  /// What is read whole is a lease or a word of a standby: some hundred bytes.
  private static let maximumObjectBytes = 1 << 20
  /// A page has 1,000 keys at most; this much if each of them has S3's 1,024 bytes, all escaped.
  private static let maximumPageBytes = 8 << 20
  /// S3 makes pages of 1,000. Litestream writes a file a second and keeps the last minutes' files.
  private static let maximumPages = 100
  package static let maximumListed = maximumPages * 1_000

  private let transport: HTTPTransport
  private let address: BucketAddress
  private let signature: RequestSignature
  private let deadline: Duration

  /// - Parameter deadline: For each request by itself.
  package init(
    transport: HTTPTransport, address: BucketAddress, accessKeyID: String,
    secretAccessKey: String, deadline: Duration = .seconds(10)
  ) {
    self.transport = transport
    self.address = address
    signature = RequestSignature(
      region: address.region, accessKeyID: accessKeyID, secretAccessKey: secretAccessKey)
    self.deadline = deadline
  }

  /// - Returns: `nil` if there is none.
  package func get(_ key: String) async throws(BucketError) -> Object? {
    let response = try await send(.get, key: key, limit: Self.maximumObjectBytes)
    guard response.head.status == 200 else {
      // Any server says 404 of a path that it does not know; S3 says what it lacks.
      let refusal = Self.refusal(response)
      guard refusal == .refused(status: 404, code: "NoSuchKey") else { throw refusal }
      return nil
    }
    let written = response.head.header("Last-Modified").flatMap { Date(http: $0) }
    return Object(
      body: response.body, etag: try Self.etag(of: response),
      age: Self.age(written, in: response))
  }

  /// Writes an object whole, or not at all. One on condition may have been done although it fails
  /// with `unreachable`; who repeats it then is told `conditionFailed` of their own write.
  ///
  /// - Returns: Its ETag.
  package func put(_ key: String, _ body: Data, if condition: Condition) async throws(BucketError)
    -> String
  {
    var headers: [(name: String, value: String)] = []
    var isIdempotent = false
    switch condition {
    case .always: isIdempotent = true
    case .isNew: headers = [("If-None-Match", "*")]
    case .matches(let etag): headers = [("If-Match", etag)]
    }
    let response = try await send(
      .put, key: key, headers: headers, body: body, limit: Self.maximumObjectBytes,
      isIdempotent: isIdempotent)
    if response.head.status == 200 { return try Self.etag(of: response) }
    let refusal = Self.refusal(response)
    switch (refusal, condition) {
    case (.refused(412, _), _), (.refused(409, "ConditionalRequestConflict"), _),
      // Nothing matches what is gone.
      (.refused(404, "NoSuchKey"), .matches):
      throw .conditionFailed
    default: throw refusal
    }
  }

  /// All objects whose key begins so, in the order of their keys.
  package func list(_ prefix: String) async throws(BucketError) -> [Listed] {
    var listed: [Listed] = []
    var continuation: String?
    for _ in 1...Self.maximumPages {
      let (page, next) = try await page(of: address.key(prefix), after: continuation)
      listed += page
      guard let next else { return listed }
      continuation = next
    }
    throw .tooManyObjects(limit: Self.maximumListed)
  }

  /// Does nothing if there is none.
  package func delete(_ key: String) async throws(BucketError) {
    let response = try await send(.delete, key: key, limit: Self.maximumObjectBytes)
    guard ![200, 204].contains(response.head.status) else { return }
    let refusal = Self.refusal(response)
    guard refusal == .refused(status: 404, code: "NoSuchKey") else { throw refusal }
  }
}

// MARK: - Requests

extension Bucket {
  private func send(
    _ method: HTTPRequest.Method, key: String? = nil, query: [(name: String, value: String)] = [],
    headers: [(name: String, value: String)] = [], body: Data? = nil, limit: Int,
    isIdempotent: Bool = true
  ) async throws(BucketError) -> HTTPResponse {
    let (origin, root) = address.root
    let path = key.map { "\(root)/\(Self.escaped(address.key($0), but: "/"))" } ?? root
    let query = query.map { (Self.escaped($0.name), Self.escaped($0.value)) }
      .sorted { $0 < $1 }.map { "\($0.0)=\($0.1)" }.joined(separator: "&")
    let host = origin.drop { $0 != ":" }.dropFirst("://".count)
    let usual = [("Host", String(host)), ("Content-Type", "application/octet-stream")]
    let signed = signature.signed(
      method, path: path.isEmpty ? "/" : path, query: query, headers: usual + headers,
      body: body ?? Data(), at: Date())
    do {
      return try await transport.send(
        HTTPRequest(
          method, origin + (path.isEmpty ? "/" : path) + (query.isEmpty ? "" : "?\(query)"),
          headers: signed, body: body, deadline: deadline, maximumResponseBytes: limit,
          isIdempotent: isIdempotent))
    } catch {
      throw .unreachable(reason: "\(error)")
    }
  }

  private func page(of prefix: String, after continuation: String?) async throws(BucketError)
    -> (listed: [Listed], next: String?)
  {
    var query = [(name: "list-type", value: "2"), ("prefix", prefix)]
    if let continuation { query.append(("continuation-token", continuation)) }
    let response = try await send(.get, query: query, limit: Self.maximumPageBytes)
    guard response.head.status == 200 else { throw Self.refusal(response) }
    let xml = XMLText(response.body)
    guard xml.has("ListBucketResult") else { throw .malformed(what: "it lists nothing") }
    let own = address.key("")
    var listed: [Listed] = []
    for object in xml.elements("Contents") {
      guard let key = object.text("Key"), key.utf8.starts(with: own.utf8),
        let bytes = object.text("Size").flatMap({ Int64($0) })
      else { throw .malformed(what: "it lists what nobody asked for") }
      let written = object.text("LastModified").flatMap(Self.date)
      listed.append(
        Listed(
          key: String(decoding: key.utf8.dropFirst(own.utf8.count), as: UTF8.self), bytes: bytes,
          age: Self.age(written, in: response)))
    }
    guard xml.text("IsTruncated") == "true" else { return (listed, nil) }
    guard let next = xml.text("NextContinuationToken"), !next.isEmpty else {
      throw .malformed(what: "it does not say where its list goes on")
    }
    return (listed, next)
  }

  /// All bytes but the unreserved ones of RFC 3986 are escaped, as the signature wants it.
  private static func escaped(_ text: String, but allowed: String = "") -> String {
    let unreserved = CharacterSet(
      charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~" + allowed)
    // `nil` stands for text that UTF-8 cannot express, which Swift's strings never hold.
    return text.addingPercentEncoding(withAllowedCharacters: unreserved) ?? ""
  }
}

// MARK: - Responses

extension Bucket {
  private static func refusal(_ response: HTTPResponse) -> BucketError {
    let code = XMLText(response.body).text("Code").flatMap { code in
      code.utf8.count <= 64 && code.allSatisfy { $0.isASCII && $0.isLetter } ? code : nil
    }
    return .refused(status: response.head.status, code: code)
  }

  private static func etag(of response: HTTPResponse) throws(BucketError) -> String {
    guard let etag = response.head.header("ETag"), !etag.isEmpty else {
      throw .malformed(what: "it tells no ETag")
    }
    return etag
  }

  /// An object that was written in the second of the answer may seem to be of a later one.
  private static func age(_ written: Date?, in response: HTTPResponse) -> Duration? {
    guard let written, let now = response.head.header("Date").flatMap({ Date(http: $0) }) else {
      return nil
    }
    return .seconds(max(0, now.timeIntervalSince(written)))
  }

  /// `2009-10-12T17:50:30.000Z`, with or without the fraction.
  private static func date(_ text: String) -> Date? {
    try? Date.ISO8601FormatStyle(includingFractionalSeconds: true).parse(text)
  }
}
