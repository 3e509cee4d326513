import Foundation
import HTTPTransport
import Testing
import TestSupport

@Suite("A response that comes word by word")
struct GatheringTests {
  private let transport = HTTPTransport(
    limits: .init(connect: .seconds(600), gathering: .seconds(1)))

  private func request(_ server: LoopbackServer) -> HTTPRequest {
    HTTPRequest(
      .post, server.url, deadline: .seconds(600), comesWordByWord: true, isIdempotent: false)
  }

  /// The server writes each word by itself, the second once the first is read.
  @Test func isHandedOverAtOnceAndThenOnceInAWhile() async throws {
    let read = Watched(0)
    let words = 1_000
    let server = try LoopbackServer { _ in
      .written { write in
        guard write(Data("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\na".utf8)),
          read.block(until: { $0 == 1 })
        else { return }
        for _ in 1..<words where !write(Data("a".utf8)) { return }
      }
    }
    let start = ContinuousClock.now
    var pieces: [Int] = []
    for try await piece in try await transport.stream(request(server)).body {
      pieces.append(piece.count)
      read.change { $0 += piece.count }
    }
    #expect(pieces.first == 1)
    #expect(pieces.reduce(0, +) == words)
    let seconds = Int(start.duration(to: .now) / .seconds(1))
    #expect(pieces.count <= 2 + seconds, "\(pieces)")
  }

  /// With a rest after each of libcurl's looks, which bring some 200 kB, the deadline would pass.
  @Test func isReadWithoutARestAsLongAsMoreIsThere() async throws {
    let transport = HTTPTransport(limits: .init(connect: .seconds(600), gathering: .seconds(30)))
    let body = Data(repeating: UInt8(ascii: "a"), count: 7 << 20)
    let server = try LoopbackServer { _ in .response(status: 200, body: body) }
    var count = 0
    for try await piece in try await transport.stream(request(server)).body { count += piece.count }
    #expect(count == body.count)
  }

  @Test func isHandedOverWholeBeforeItBreaksOff() async throws {
    let read = Watched(false)
    let server = try LoopbackServer { _ in
      .written { write in
        guard write(Data("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\na".utf8)) else { return }
        _ = read.block(until: { $0 }) && write(Data("bc".utf8))
      }
    }
    var body = Data()
    await #expect(throws: HTTPError.connectionLost(requestWasSent: true)) {
      for try await piece in try await transport.stream(request(server)).body {
        body += piece
        read.change { $0 = true }
      }
    }
    #expect(body == Data("abc".utf8))
  }

  @Test func endsAtOnceWhereNobodyWantsMore() async throws {
    let ended = Watched(false)
    let server = try LoopbackServer { _ in
      .written { write in
        guard write(Data("HTTP/1.1 200 OK\r\n\r\n".utf8)) else { return }
        while write(Data("a".utf8)) {}
        ended.change { $0 = true }
      }
    }
    for try await _ in try await transport.stream(request(server)).body { break }
    try await ended.wait(for: "the connection's end") { $0 }
  }
}
