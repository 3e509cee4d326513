import Foundation
package import HTTPTransport

/// Litestream 0.5, asked over its control socket (`socket:` in its configuration).
package struct Litestream: Sendable {
  /// How long Litestream may take for one sync before it says itself that it took too long.
  static let syncLimit = Duration.seconds(20)
  /// Beyond that, our own: a Litestream that was frozen answers nothing.
  static let deadline = Duration.seconds(25)

  private let transport: HTTPTransport
  private let socket: String
  private let database: String

  /// - Parameters:
  ///   - socket: The path of its control socket.
  ///   - database: The absolute path of the database, as Litestream's own configuration names it.
  package init(transport: HTTPTransport, socket: String, database: String) {
    self.transport = transport
    self.socket = socket
    self.database = database
  }

  private struct Synced: Decodable {
    var txid: UInt64
    var replicatedTXID: UInt64

    enum CodingKeys: String, CodingKey {
      case txid
      case replicatedTXID = "replicated_txid"
    }
  }

  /// Returns once everything that was committed before the call is on the replica.
  package func sync(within deadline: Duration = Litestream.deadline) async throws(ReplicationError)
  {
    struct Order: Encodable {
      var path: String
      var wait = true
      var timeout: Int64
    }
    let limit = min(Self.syncLimit, deadline)
    let response: HTTPResponse
    do {
      let order = try JSONEncoder().encode(
        Order(path: database, timeout: max(1, limit.components.seconds)))
      response = try await transport.send(
        HTTPRequest(
          .post, "http://localhost/sync", headers: [("Content-Type", "application/json")],
          body: order, unixSocket: socket, deadline: deadline, maximumResponseBytes: 64 << 10,
          isIdempotent: true))
    } catch {
      throw .unreachable(socket: socket, reason: "\(error)")
    }
    guard response.head.status != 404 else { throw .databaseUnknown(database) }
    guard response.head.status == 200 else { throw .refused(status: response.head.status) }
    // A Litestream that is not told to wait says 200, too: only the figures count.
    guard let synced = try? JSONDecoder().decode(Synced.self, from: response.body),
      synced.txid > 0, synced.replicatedTXID >= synced.txid
    else { throw .notReplicated }
  }
}

/// Why it is not known that what was committed is on the replica.
package enum ReplicationError: Error, Equatable, CustomStringConvertible {
  case unreachable(socket: String, reason: String)
  /// Its configuration names another file, or none.
  case databaseUnknown(String)
  /// Its bucket is away, for one.
  case refused(status: Int)
  /// It says that it is done, and its figures do not.
  case notReplicated

  package var description: String {
    switch self {
    case .unreachable(let socket, let reason):
      "Litestream does not answer at \(socket) (\(reason)); see that it runs, that its "
        + "configuration has `socket: {enabled: true, path: \(socket)}`, and that this user may "
        + "write to it"
    case .databaseUnknown(let path):
      "Litestream does not replicate \(path); name it in its configuration by just this path"
    case .refused(let status):
      "Litestream could not bring the database to its replica (status \(status)); its own log says "
        + "why"
    case .notReplicated: "Litestream answers without having brought all to its replica"
    }
  }
}
