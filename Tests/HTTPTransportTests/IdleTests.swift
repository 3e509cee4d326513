import Foundation
import HTTPTransport
import Testing
import TestSupport

@Suite("An exchange that goes without a byte")
struct IdleTests {
  private func request(
    _ server: LoopbackServer, idleLimit: Duration = .seconds(15)
  ) -> HTTPRequest {
    HTTPRequest(
      .post, server.url, deadline: .seconds(600), idleLimit: idleLimit, isIdempotent: false)
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
        _ = never.block { $0 }
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

  /// For longer than the limit, one byte after the other, as soon as the last one has come.
  @Test func goesOnAsLongAsBytesCome() async throws {
    let (read, never) = (Watched(0), Watched(false))
    let server = try LoopbackServer { _ in
      .written { write in
        guard write(Data("HTTP/1.1 200 OK\r\n\r\n".utf8)) else { return }
        var sent = 0
        while write(Data("a".utf8)) {
          sent += 1
          guard read.block(until: { [sent] in $0 >= sent }) else { return }
          _ = never.block(within: .milliseconds(100)) { $0 }
        }
      }
    }
    let start = ContinuousClock.now
    let stream = try await HTTPTransport.ofAllTests.stream(
      request(server))
    for try await piece in stream.body {
      guard start.duration(to: .now) < .seconds(16) else { break }
      read.change { $0 += piece.count }
    }
    #expect(start.duration(to: .now) >= .seconds(16))
    read.change { $0 = .max }
  }
}
