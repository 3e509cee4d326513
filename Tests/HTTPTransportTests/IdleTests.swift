import Foundation
import HTTPTransport
import Testing
import TestSupport

@Suite("An exchange that goes without a byte")
struct IdleTests {
  private func request(_ server: LoopbackServer) -> HTTPRequest {
    HTTPRequest(
      .post, server.url, deadline: .seconds(120), idleLimit: .seconds(1), isIdempotent: false)
  }

  @Test func endsThoughItsDeadlineIsFarAway() async throws {
    let server = try LoopbackServer { _ in .hang }
    await #expect(throws: HTTPError.stalled(requestWasSent: true)) {
      _ = try await HTTPTransport.ofAllTests.send(request(server))
    }
  }

  @Test func endsInTheMiddleOfABody() async throws {
    let never = Watched(false)
    let server = try LoopbackServer { _ in
      .written { write in
        _ = write(Data("HTTP/1.1 200 OK\r\n\r\nhalf".utf8))
        _ = never.block(within: .seconds(60)) { $0 }
      }
    }
    let stream = try await HTTPTransport.ofAllTests.stream(request(server))
    var body = Data()
    await #expect(throws: HTTPError.stalled(requestWasSent: true)) {
      for try await piece in stream.body { body += piece }
    }
    never.change { $0 = true }
    #expect(body == Data("half".utf8))
  }

  /// One byte each quarter of the limit, for one and a half of it.
  @Test func goesOnAsLongAsBytesCome() async throws {
    let never = Watched(false)
    let server = try LoopbackServer { _ in
      .written { write in
        guard write(Data("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n".utf8)) else { return }
        for _ in 1...6 {
          _ = never.block(within: .milliseconds(250)) { $0 }
          guard write(Data("a".utf8)) else { return }
        }
      }
    }
    let response = try await HTTPTransport.ofAllTests.send(request(server))
    #expect(response.body == Data("aaaaaa".utf8))
  }
}
