import Foundation
package import HTTPTransport

/// Litestream 0.5, asked over its control socket (`socket:` in its configuration).
package struct Litestream: Sendable {
  /// How long one sync may take.
  static let deadline = Duration.seconds(25)
  /// Litestream's own limit comes before ours, as it says why; one that was frozen says nothing.
  private static let margin = Duration.seconds(5)

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
    let limit = max(1, (deadline - Self.margin).components.seconds)
    let response = try await order(
      "sync", Order(path: database, timeout: limit), within: deadline)
    guard response.head.status != 404 else { throw .databaseUnknown(database) }
    guard response.head.status == 200 else { throw .refused(status: response.head.status) }
    // A Litestream that is not told to wait says 200, too: only the figures count.
    guard let synced = try? JSONDecoder().decode(Synced.self, from: response.body),
      synced.txid > 0, synced.replicatedTXID >= synced.txid
    else { throw .notReplicated }
  }

  /// Has Litestream replicate the database to that place, whatever it did before.
  ///
  /// - Parameter replicaURL: Where nobody else has ever replicated to.
  package func register(_ replicaURL: String) async throws(ReplicationError) {
    struct Order: Encodable {
      var path: String
      var replicaURL: String

      enum CodingKeys: String, CodingKey {
        case path
        case replicaURL = "replica_url"
      }
    }
    struct Answer: Decodable { var status: String }
    // Of a path that it knows it says so, and keeps to the place that it has: perhaps another one.
    try await unregister()
    let response = try await order(
      "register", Order(path: database, replicaURL: replicaURL), within: Self.deadline)
    guard response.head.status == 200 else { throw .refused(status: response.head.status) }
    guard let answer = try? JSONDecoder().decode(Answer.self, from: response.body),
      answer.status == "registered"
    else { throw .registeredElsewhere(database) }
  }

  /// Has Litestream let go of the database, and of whatever file was at its path.
  package func unregister() async throws(ReplicationError) {
    struct Order: Encodable {
      var path: String
      var timeout: Int64
    }
    let limit = Self.deadline - Self.margin
    // The first forgets it even where its last words could not be sent; then there is nothing left.
    for isLast in [false, true] {
      let response = try await order(
        "unregister", Order(path: database, timeout: limit.components.seconds),
        within: Self.deadline)
      if response.head.status == 200 { return }
      if isLast { throw .refused(status: response.head.status) }
    }
  }

  private func order(
    _ name: String, _ order: some Encodable, within deadline: Duration
  ) async throws(ReplicationError) -> HTTPResponse {
    do {
      return try await transport.send(
        HTTPRequest(
          .post, "http://localhost/\(name)", headers: [("Content-Type", "application/json")],
          body: try JSONEncoder().encode(order), unixSocket: socket, deadline: deadline,
          maximumResponseBytes: 64 << 10, isIdempotent: true))
    } catch {
      throw .unreachable(socket: socket, reason: "\(error)")
    }
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
  /// Somebody else has named it the database meanwhile.
  case registeredElsewhere(String)

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
    case .registeredElsewhere(let path):
      "Litestream replicates \(path) to another place; with standby.bucket, leave `dbs:` out of "
        + "its configuration"
    }
  }
}
