/// Why a machine can neither work nor stand by.
package enum StandbyError: Error, Equatable, CustomStringConvertible {
  case leaseUnreadable
  /// There are copies in the bucket, no lease says which counts, and this machine does not have the
  /// newest database.
  case leaseIsGone(newest: Int64)
  /// The database is of a later term than the lease.
  case bucketIsOlder(lease: Int64, database: Int64)
  /// The database was never one of this bucket's, and another machine works.
  case strangeDatabase(path: String, holder: String)
  case noMachineID(path: String, reason: String)
  case cannotRestore(String)
  case notMoved(seconds: Int64)

  package var description: String {
    switch self {
    case .leaseUnreadable:
      "the lease in standby.bucket is nothing that aidevbot has written; look at the object "
        + "`lease` there, and delete it with both machines stopped"
    case .leaseIsGone(let newest):
      "standby.bucket has copies up to term \(newest), and no lease that says what to restore; "
        + "this machine does not have that database. Start the machine first that worked last"
    case .bucketIsOlder(let lease, let database):
      "the database here is of term \(database), but the lease in standby.bucket of term \(lease): "
        + "was the bucket restored? Start with the database that is the newest, and delete the "
        + "object `lease`, with both machines stopped"
    case .strangeDatabase(let path, let holder):
      "\(path) was never a database of standby.bucket, where \(holder) works. If this machine is "
        + "to stand by, move that file away; if it is the one with everybody's balances, stop the "
        + "other machine, and name another prefix in standby.bucket on both"
    case .noMachineID(let path, let reason): "\(path) cannot be read or made: \(reason)"
    case .cannotRestore(let reason): "the copy in standby.bucket cannot be restored: \(reason)"
    case .notMoved(let seconds):
      "no other machine works after \(seconds) s; `aidevbot standby status` says which are there"
    }
  }
}
