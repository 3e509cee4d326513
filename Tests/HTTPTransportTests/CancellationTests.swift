import Foundation
import HTTPTransport
import Testing
import TestSupport

@Suite("HTTPTransport, when those who asked go away")
struct CancellationTests {
  private func request(_ server: LoopbackServer, body: String) -> HTTPRequest {
    HTTPRequest(
      .post, server.url, body: Data(body.utf8), deadline: .seconds(600), isIdempotent: false)
  }

  @Test func answersTheOthersWhereSomeOfManyRequestsAreCancelled() async throws {
    let transport = HTTPTransport(limits: .init(connect: .seconds(600)))
    let server = try LoopbackServer { .response(status: 200, body: $0.body) }
    let tasks = (0..<300).map { number in
      Task { try await transport.send(request(server, body: "\(number)")) }
    }
    for task in tasks.indices where task % 3 == 1 { tasks[task].cancel() }
    for (number, task) in tasks.enumerated() {
      do {
        let body = try await task.value.body
        #expect(body == Data("\(number)".utf8))
      } catch HTTPError.cancelled {
        #expect(number % 3 == 1)
      }
    }
  }

  @Test func endsWhatIsStillReadOnceItIsGone() async throws {
    let isOver = Watched(false)
    let server = try LoopbackServer { _ in
      .written { write in
        _ = write(Data("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n".utf8))
        _ = isOver.block(until: { $0 })
      }
    }
    defer { isOver.change { $0 = true } }
    for _ in 0..<50 {
      var streams: [HTTPResponseStream] = []
      do {
        let transport = HTTPTransport(limits: .init(connect: .seconds(600)))
        for _ in 0..<3 { streams.append(try await transport.stream(request(server, body: ""))) }
      }
      // Some are dropped as the transport ends, one is read.
      let last = streams.removeLast()
      streams.removeAll()
      await #expect(throws: HTTPError.cancelled(requestWasSent: true)) {
        for try await _ in last.body {}
      }
    }
  }
}
