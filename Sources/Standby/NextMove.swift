/// What a machine is to do, from the lease and from its own database.
enum NextMove: Equatable, Sendable {
  /// It is the first one, or the one that worked when the lease was lost.
  case begin(Lease)
  /// It worked when it ended, and goes on with its own file.
  case goOn
  /// It has the lease, and not yet the database.
  case restore
  /// It worked, and its file is gone: what it replicates from now on needs a path of its own.
  case takeAnew
  /// Another one works.
  case standBy
  case refuse(StandbyError)

  /// The database of this machine.
  enum OwnFile: Equatable, Sendable {
    case none
    /// Of before the two machines, or of a beginning that was cut off.
    case withoutTerm
    case ofTerm(Int64)

    var term: Int64? { if case .ofTerm(let term) = self { term } else { nil } }
  }

  /// - Parameters:
  ///   - terms: Of which there is a copy in the bucket; asked for where there is no lease.
  static func after(
    _ lease: Lease?, on machine: String, with file: OwnFile, path: String, copiesOf terms: [Int64]
  ) -> NextMove {
    guard let lease else { return withoutLease(on: machine, with: file, copiesOf: terms) }
    if let own = file.term, own > lease.term {
      return .refuse(.bucketIsOlder(lease: lease.term, database: own))
    }
    guard lease.holder == machine else {
      guard file == .withoutTerm else { return .standBy }
      return .refuse(.strangeDatabase(path: path, holder: lease.holder))
    }
    // Before the first copy there is nothing but the file here, or, in the first term, no file yet.
    if file == .none, lease.restore == nil, lease.term > 1 {
      return .refuse(.leaseIsGone(newest: lease.term - 1))
    }
    if file == .ofTerm(lease.term) || lease.restore == nil { return .goOn }
    return lease.restore == Lease.path(ofTerm: lease.term) ? .takeAnew : .restore
  }

  private static func withoutLease(
    on machine: String, with file: OwnFile, copiesOf terms: [Int64]
  ) -> NextMove {
    guard let newest = terms.max() else {
      return .begin(Lease(term: (file.term ?? 0) + 1, holder: machine, restore: nil))
    }
    guard let own = file.term, own >= newest else { return .refuse(.leaseIsGone(newest: newest)) }
    return .begin(Lease(term: own + 1, holder: machine, restore: nil))
  }
}
