import CCurl
import Foundation

/// One exchange under way: a libcurl easy handle and where its outcome goes. It lives and is used
/// on its loop's queue alone.
final class Transfer {
  /// Where a response goes: to one caller when it is whole, or piece by piece.
  enum Delivery: Sendable {
    case whole(CheckedContinuation<Result<HTTPResponse, HTTPError>, Never>)
    case streamed(
      head: CheckedContinuation<Result<HTTPResponseHead, HTTPError>, Never>,
      body: AsyncThrowingStream<Data, any Error>.Continuation
    )

    /// For a transfer of which nothing has been delivered.
    func fail(_ error: HTTPError) {
      switch self {
      case .whole(let caller): caller.resume(returning: .failure(error))
      case .streamed(let head, let body):
        body.finish(throwing: error)
        head.resume(returning: .failure(error))
      }
    }
  }

  /// In bytes (CURLOPT_BUFFERSIZE): for what comes word by word, that of some tens of pieces.
  private var readBuffer: Int { request.comesWordByWord ? 2 << 10 : 16 << 10 }

  let easy: UnsafeMutableRawPointer
  let ticket: Ticket
  private let delivery: Delivery
  /// Without its body, of which libcurl has a copy.
  private var request: HTTPRequest
  private var headerList: UnsafeMutablePointer<curl_slist>?
  private var head = HTTPResponseHead(status: 0)
  private var headIsComplete = false
  private var headIsDelivered = false
  /// What has come and was not handed over.
  private var body = Data()
  private var receivedBytes = 0
  private var attempts = 0
  private var lastByteAt = ContinuousClock.now

  /// `nil` if libcurl refuses the request as malformed.
  init?(
    _ request: HTTPRequest, _ ticket: Ticket, _ delivery: Delivery, limits: HTTPTransport.Limits
  ) {
    guard let easy = curl_easy_init() else { return nil }
    self.easy = easy
    self.ticket = ticket
    self.delivery = delivery
    self.request = request
    guard setUp(limits) else { return nil }
    self.request.body = nil
  }

  deinit {
    curl_easy_cleanup(easy)
    curl_slist_free_all(headerList)
  }

  static func from(_ easy: UnsafeMutableRawPointer) -> Transfer {
    var context: UnsafeMutableRawPointer?
    ccurl_get_pointer(easy, CURLINFO_PRIVATE, &context)
    guard let context else { preconditionFailure("a libcurl handle without its transfer") }
    return from(context: context)
  }

  /// Whether a byte of the request has left.
  var requestWasSent: Bool {
    var bytes = 0
    ccurl_get_long(easy, CURLINFO_REQUEST_SIZE, &bytes)
    return bytes > 0
  }

  /// When it has gone without a byte for too long, unless one comes before.
  var idleEnd: ContinuousClock.Instant? {
    request.idleLimit.map { lastByteAt + $0 }
  }

  func finish(_ result: CURLcode) {
    guard result == CURLE_OK, headIsComplete else { return fail(error(for: result)) }
    switch delivery {
    case .whole(let caller):
      caller.resume(returning: .success(HTTPResponse(head: head, body: body)))
    case .streamed(_, let bytes):
      deliverHead()
      handOver()
      bytes.finish()
    }
  }

  /// - Returns: Whether something was, of a stream that may rest: no more waits to be read.
  @discardableResult
  func handOver() -> Bool {
    guard !body.isEmpty, case .streamed(_, let bytes) = delivery else { return false }
    defer { body = Data() }
    bytes.yield(body)
    return request.comesWordByWord && body.count < readBuffer
  }

  func fail(_ error: HTTPError) {
    handOver()
    if headIsDelivered, case .streamed(_, let bytes) = delivery {
      bytes.finish(throwing: error)
    } else {
      delivery.fail(error)
    }
  }

  private func error(for result: CURLcode) -> HTTPError {
    switch result {
    case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL: .invalidRequest
    case CURLE_WRITE_ERROR where receivedBytes > request.maximumResponseBytes:
      .responseTooLarge(limit: request.maximumResponseBytes)
    case CURLE_OPERATION_TIMEDOUT where requestWasSent: .deadlineExceeded(requestWasSent: true)
    case _ where !requestWasSent:
      .cannotConnect(reason: String(cString: curl_easy_strerror(result)))
    default: .connectionLost(requestWasSent: true)
    }
  }
}

// MARK: - Setting up

extension Transfer {
  private func setUp(_ limits: HTTPTransport.Limits) -> Bool {
    let context = Unmanaged.passUnretained(self).toOpaque()
    // HTTP/1.1: a transfer that hangs holds up nobody else, as it would on a shared HTTP/2
    // connection.
    var results = [
      ccurl_set_string(easy, CURLOPT_URL, request.url),
      ccurl_set_string(easy, CURLOPT_PROTOCOLS_STR, "http,https"),
      ccurl_set_string(easy, CURLOPT_CUSTOMREQUEST, request.method.rawValue),
      ccurl_set_long(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1),
      ccurl_set_long(easy, CURLOPT_NOSIGNAL, 1),
      ccurl_set_long(easy, CURLOPT_BUFFERSIZE, readBuffer),
      ccurl_set_long(easy, CURLOPT_TIMEOUT_MS, request.deadline.milliseconds),
      ccurl_set_long(
        easy, CURLOPT_CONNECTTIMEOUT_MS, min(limits.connect, request.deadline).milliseconds),
      ccurl_set_long(easy, CURLOPT_MAXAGE_CONN, Int(limits.idleConnection.components.seconds)),
      ccurl_set_long(easy, CURLOPT_TCP_KEEPALIVE, 1),
      ccurl_set_long(easy, CURLOPT_TCP_KEEPIDLE, 15),
      ccurl_set_long(easy, CURLOPT_TCP_KEEPINTVL, 5),
      ccurl_set_pointer(easy, CURLOPT_PRIVATE, context),
      ccurl_set_data_callback(easy, CURLOPT_HEADERFUNCTION, Self.headerCallback),
      ccurl_set_pointer(easy, CURLOPT_HEADERDATA, context),
      ccurl_set_data_callback(easy, CURLOPT_WRITEFUNCTION, Self.bodyCallback),
      ccurl_set_pointer(easy, CURLOPT_WRITEDATA, context),
      ccurl_keep_sockets_from_children(easy),
      ccurl_set_prerequest_callback(easy, Self.attemptCallback),
      ccurl_set_pointer(easy, CURLOPT_PREREQDATA, context),
    ]
    if let socket = request.unixSocket {
      results.append(ccurl_set_string(easy, CURLOPT_UNIX_SOCKET_PATH, socket))
    }
    if let body = request.body {
      results.append(ccurl_set_long(easy, CURLOPT_POSTFIELDSIZE, body.count))
      results.append(
        body.withUnsafeBytes { bytes in
          ccurl_set_pointer(
            easy, CURLOPT_COPYPOSTFIELDS, UnsafeMutableRawPointer(mutating: bytes.baseAddress))
        })
    }
    guard results.allSatisfy({ $0 == CURLE_OK }) else { return false }
    return setHeaders()
  }

  private func setHeaders() -> Bool {
    // Without the empty `Expect`, libcurl asks before it sends a larger body: a round trip.
    // Some providers' CDNs turn away whoever does not say what they are.
    let usual = [("Expect", ""), ("User-Agent", HTTPTransport.userAgent)]
    for (name, value) in request.headers + usual {
      let line = "\(name): \(value)"
      guard !line.utf8.contains(where: { $0 == 0x0A || $0 == 0x0D || $0 == 0 }),
        let longer = curl_slist_append(headerList, line)
      else { return false }
      headerList = longer
    }
    return ccurl_set_pointer(easy, CURLOPT_HTTPHEADER, headerList) == CURLE_OK
  }
}

// MARK: - What libcurl calls back

extension Transfer {
  private static func from(context: UnsafeMutableRawPointer) -> Transfer {
    Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
  }

  private static let headerCallback: ccurl_data_callback = { data, size, count, context in
    guard let data, let context else { return 0 }
    let line = UnsafeRawBufferPointer(start: data, count: size * count)
    Transfer.from(context: context).received(headerLine: line)
    return size * count
  }

  private static let bodyCallback: ccurl_data_callback = { data, size, count, context in
    guard let data, let context else { return 0 }
    let bytes = UnsafeRawBufferPointer(start: data, count: size * count)
    return Transfer.from(context: context).received(body: bytes) ? size * count : 0
  }

  /// libcurl calls this each time it is about to send the request. A second time means that it
  /// silently tries again, because a reused connection ended before it brought a byte.
  private static let attemptCallback: ccurl_prerequest_callback = { context, _, _, _, _ in
    guard let context else { return CURL_PREREQFUNC_ABORT }
    let transfer = Transfer.from(context: context)
    transfer.attempts += 1
    return transfer.attempts == 1 || transfer.request.isIdempotent
      ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
  }

  private func received(headerLine line: UnsafeRawBufferPointer) {
    lastByteAt = .now
    guard !headIsComplete else { return }  // A trailer.
    let text = Self.trimmed(line[...])
    if text.isEmpty {
      headIsComplete = head.status >= 200  // Otherwise an interim answer; the real one follows.
      if headIsComplete { deliverHead() }
    } else if text.starts(with: "HTTP/".utf8) {
      let status = text.split(separator: UInt8(ascii: " ")).dropFirst().first
      head = HTTPResponseHead(
        status: status.flatMap { Int(String(decoding: $0, as: UTF8.self)) } ?? 0)
    } else if let colon = text.firstIndex(of: UInt8(ascii: ":")) {
      let value = Self.trimmed(text[text.index(after: colon)...])
      head.headers.append(
        (String(decoding: text[..<colon], as: UTF8.self), String(decoding: value, as: UTF8.self)))
    }
  }

  /// Without the white space around it. By bytes, as this runs for every line of every response.
  private static func trimmed(_ line: Slice<UnsafeRawBufferPointer>)
    -> Slice<UnsafeRawBufferPointer>
  {
    func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || 0x09...0x0D ~= byte }
    var rest = line.drop(while: isSpace)
    while let last = rest.last, isSpace(last) { rest.removeLast() }
    return rest
  }

  private func deliverHead() {
    guard !headIsDelivered, case .streamed(let caller, _) = delivery else { return }
    headIsDelivered = true
    caller.resume(returning: .success(head))
  }

  private func received(body bytes: UnsafeRawBufferPointer) -> Bool {
    receivedBytes += bytes.count
    lastByteAt = .now
    guard receivedBytes <= request.maximumResponseBytes else { return false }
    body.append(contentsOf: bytes)
    return true
  }
}

extension Duration {
  fileprivate var milliseconds: Int {
    Int(components.seconds) * 1000 + Int(components.attoseconds / 1_000_000_000_000_000)
  }
}
