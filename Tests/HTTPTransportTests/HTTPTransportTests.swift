import Foundation
import Glibc
import HTTPTransport
import Testing
import TestSupport

@Suite("HTTPTransport")
struct HTTPTransportTests {
  /// One of its own, as connections of many would push each other out; and kept for however long a
  /// busy machine takes.
  let transport = HTTPTransport(limits: .init(idleConnection: .seconds(3_600)))

  func request(
    _ server: LoopbackServer, body: String? = nil, deadline: Duration = .seconds(600),
    maximumResponseBytes: Int = 1 << 20, isIdempotent: Bool = false
  ) -> HTTPRequest {
    HTTPRequest(
      body == nil ? .get : .post, server.url + "/path?q=1",
      headers: [("Content-Type", "text/plain"), ("X-Test", "yes")],
      body: body.map { Data($0.utf8) }, deadline: deadline,
      maximumResponseBytes: maximumResponseBytes, isIdempotent: isIdempotent)
  }

  @Test func sendsMethodPathHeadersAndBodyAndReturnsStatusHeadersAndBody() async throws {
    let server = try LoopbackServer { request in
      let echo =
        "\(request.method) \(request.target) \(request.headers["x-test"] ?? "-") "
        + "\(request.headers["user-agent"] ?? "-") "
        + String(decoding: request.body, as: UTF8.self)
      return .response(status: 418, headers: ["X-Reply": "a: b"], body: Data(echo.utf8))
    }

    let response = try await transport.send(request(server, body: "Grüße"))

    #expect(response.head.status == 418)
    #expect(response.head.header("x-reply") == "a: b")
    #expect(String(decoding: response.body, as: UTF8.self) == "POST /path?q=1 yes aidevbot Grüße")
  }

  /// A child that had one would keep the connection open, however often it is closed here.
  @Test func leavesNoConnectionToChildren() async throws {
    let never = Watched(false)
    let server = try LoopbackServer { _ in
      .written { write in
        if write(Data("HTTP/1.1 200 OK\r\n\r\n".utf8)) { _ = never.block(until: { $0 }) }
      }
    }
    let stream = try await transport.stream(request(server))
    let flags = (0..<Int32(65_536)).filter { Self.peerPort(of: $0) == server.port }
      .map { fcntl($0, F_GETFD) & FD_CLOEXEC }
    #expect(flags == [FD_CLOEXEC])
    #expect(stream.head.status == 200)
    never.change { $0 = true }
  }

  /// `nil` for what is no connection over IP.
  private static func peerPort(of descriptor: Int32) -> UInt16? {
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        getpeername(descriptor, $0, &length)
      }
    }
    return code == 0 && address.sin_family == sa_family_t(AF_INET)
      ? UInt16(bigEndian: address.sin_port) : nil
  }

  @Test func usesOneConnectionForRequestsThatFollowEachOther() async throws {
    let server = try LoopbackServer { _ in .json("{}") }
    for _ in 0..<5 { _ = try await transport.send(request(server)) }
    #expect(server.connectionCount == 1)
  }

  @Test func carriesManyRequestsAtOnce() async throws {
    let arrived = Watched(0)
    let server = try LoopbackServer { request in
      arrived.change { $0 += 1 }
      // Nobody is answered before all are there.
      guard arrived.block(until: { $0 == 64 }) else { return .reset }
      return .response(status: 200, body: request.body)
    }
    let answers = try await withThrowingTaskGroup(of: String.self) { group in
      for number in 0..<64 {
        group.addTask {
          let response = try await transport.send(request(server, body: "\(number)"))
          return String(decoding: response.body, as: UTF8.self)
        }
      }
      return try await group.reduce(into: Set()) { $0.insert($1) }
    }
    #expect(answers == Set((0..<64).map { "\($0)" }))
  }

  @Test func tellsARefusedConnectionFromABrokenOne() async throws {
    let unreachable = HTTPRequest(
      .get, "http://127.0.0.1:1/", deadline: .seconds(600), isIdempotent: true)
    await #expect { _ = try await transport.send(unreachable) } throws: { error in
      guard let error = error as? HTTPError, case .cannotConnect = error else { return false }
      return !error.requestMayHaveTakenEffect
    }
    let resetting = try LoopbackServer { _ in .reset }
    await #expect(throws: HTTPError.connectionLost(requestWasSent: true)) {
      _ = try await transport.send(request(resetting))
    }
  }

  @Test func endsAtTheDeadlineWhenTheServerSaysNothing() async throws {
    let server = try LoopbackServer { _ in .hang }
    await #expect(throws: HTTPError.deadlineExceeded(requestWasSent: true)) {
      _ = try await transport.send(request(server, deadline: .seconds(15)))
    }
  }

  @Test func noticesABodyThatBreaksOff() async throws {
    let server = try LoopbackServer { _ in .cut(#"{"ok":true}"#, after: 4) }
    await #expect(throws: HTTPError.connectionLost(requestWasSent: true)) {
      _ = try await transport.send(request(server))
    }
  }

  @Test func readsNoMoreThanTheLimit() async throws {
    let server = try LoopbackServer { _ in
      .written { write in
        guard write(Data("HTTP/1.1 200 OK\r\n\r\n".utf8)) else { return }
        while write(Data(repeating: 0x61, count: 10_000)) {}
      }
    }
    await #expect(throws: HTTPError.responseTooLarge(limit: 50_000)) {
      _ = try await transport.send(request(server, maximumResponseBytes: 50_000))
    }
  }

  @Test(arguments: ["file:///etc/hostname", "not a url", "http://"])
  func refusesWhatIsNoHTTPAddress(url: String) async throws {
    let request = HTTPRequest(.get, url, deadline: .seconds(600), isIdempotent: true)
    await #expect(throws: HTTPError.self) { _ = try await transport.send(request) }
  }

  @Test func refusesAHeaderThatWouldSmuggleAnother() async throws {
    let request = HTTPRequest(
      .get, "http://127.0.0.1:1/", headers: [("A", "b\r\nC: d")], deadline: .seconds(600),
      isIdempotent: true)
    await #expect(throws: HTTPError.invalidRequest) { _ = try await transport.send(request) }
  }

  @Test func followsNoRedirect() async throws {
    let server = try LoopbackServer { _ in
      .response(status: 302, headers: ["Location": "http://127.0.0.1:1/"], body: Data())
    }
    #expect(try await transport.send(request(server)).head.status == 302)
  }

  /// The server takes the second request of a connection and closes without an answer: it may
  /// have acted on it.
  @Test(arguments: [true, false])
  func repeatsOnANewConnectionOnlyWhatIsIdempotent(isIdempotent: Bool) async throws {
    let served = Watched(0)
    let server = try LoopbackServer { _ in
      let number = served.change { count in
        count += 1
        return count
      }
      return number == 2 ? .raw(Data()) : .json("{}")
    }
    _ = try await transport.send(request(server))
    if isIdempotent {
      #expect(try await transport.send(request(server, isIdempotent: true)).head.status == 200)
      #expect(served.value == 3)
    } else {
      await #expect(throws: HTTPError.connectionLost(requestWasSent: true)) {
        _ = try await transport.send(request(server))
      }
      #expect(served.value == 2)
    }
  }

  @Test func endsACancelledRequestAtOnce() async throws {
    let arrived = Watched(false)
    let server = try LoopbackServer { _ in
      arrived.change { $0 = true }
      return .hang
    }
    let task = Task { try await transport.send(request(server)) }
    try await arrived.wait(for: "the request") { $0 }
    task.cancel()
    await #expect(throws: HTTPError.cancelled(requestWasSent: true)) { _ = try await task.value }
  }

  @Test func deliversTheHeadBeforeTheBodyAndTheBodyAsItArrives() async throws {
    let released = Watched(0)
    let server = try LoopbackServer { _ in
      .written { write in
        _ = write(Data("HTTP/1.1 200 OK\r\nX-Generation-Id: gen-1\r\n\r\n".utf8))
        for (step, piece) in ["one", "two"].enumerated() {
          guard released.block(until: { $0 > step }) else { return }
          _ = write(Data(piece.utf8))
        }
      }
    }

    let response = try await transport.stream(request(server))
    #expect(response.head.header("X-Generation-Id") == "gen-1")
    var pieces = response.body.makeAsyncIterator()
    released.change { $0 = 1 }
    #expect(try await pieces.next() == Data("one".utf8))
    released.change { $0 = 2 }
    #expect(try await pieces.next() == Data("two".utf8))
    #expect(try await pieces.next() == nil)
  }

  @Test func failsAStreamThatBreaksOffAfterWhatArrived() async throws {
    let server = try LoopbackServer { _ in .cut("0123456789", after: 4) }
    let response = try await transport.stream(request(server))
    var received = Data()
    await #expect(throws: HTTPError.connectionLost(requestWasSent: true)) {
      for try await piece in response.body { received += piece }
    }
    #expect(received == Data("0123".utf8))
  }
}
