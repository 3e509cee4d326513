import Foundation
import HTTPTransport
import Replication
import Testing
import TestSupport

@Suite("What Litestream says to a sync")
struct LitestreamSyncTests {
  private static let path = "/var/lib/aidevbot/aidevbot.sqlite"
  private let socket = "/tmp/aidevbot-litestream-\(UInt32.random(in: 0 ... .max)).sock"

  private func sync(answered reply: LoopbackReply) async throws(ReplicationError) -> [String] {
    let bodies = Watched<[String]>([])
    let server: LoopbackServer
    do {
      server = try LoopbackServer(unixSocket: socket) { request in
        bodies.change {
          $0.append("\(request.target) \(String(decoding: request.body, as: UTF8.self))")
        }
        return reply
      }
    } catch {
      Issue.record(error)
      return []
    }
    defer {
      server.stop()
      unlink(socket)
    }
    try await Litestream(transport: HTTPTransport(), socket: socket, database: Self.path).sync()
    return bodies.value
  }

  @Test func aCoveredCommitIsOnTheReplica() async throws {
    let bodies = try await sync(
      answered: .json(#"{"status":"synced","path":"p","txid":6,"replicated_txid":6}"#))
    #expect(bodies.count == 1)
    let body = try #require(bodies.first)
    #expect(body.hasPrefix("/sync {"))
    #expect(body.contains(#""wait":true"#) && body.contains(#""timeout":20"#))
    #expect(body.replacing("\\/", with: "/").contains(#""path":"\#(Self.path)""#))
  }

  /// As measured, or made up: 200 alone says nothing.
  @Test(arguments: [
    (200, #"{"status":"no_change","path":"p","txid":6,"replicated_txid":5}"#, nil),
    (200, #"{"status":"no_change","path":"p","txid":0,"replicated_txid":0}"#, nil),
    (200, #"{"status":"synced"}"#, nil),
    (200, "OK", nil),
    (500, #"{"error":"timeout"}"#, 500),
    (404, #"{"error":"database not found"}"#, 404),
  ])
  func anythingElseIsNot(status: Int, body: String, told: Int?) async throws {
    let expected: ReplicationError =
      switch told {
      case 404?: .databaseUnknown(Self.path)
      case let told?: .refused(status: told)
      case nil: .notReplicated
      }
    await #expect(throws: expected) {
      _ = try await sync(answered: .json(body, status: status))
    }
  }

  @Test func nobodyAtTheSocketIsSaidWithWhatToDo() async throws {
    let litestream = Litestream(
      transport: HTTPTransport(), socket: "/nonexistent/socket", database: Self.path)
    let error = await #expect(throws: ReplicationError.self) { try await litestream.sync() }
    #expect("\(try #require(error))".contains("socket: {enabled: true, path: /nonexistent/socket}"))
  }
}
