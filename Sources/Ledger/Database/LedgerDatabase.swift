package import Foundation
import Glibc
package import GRDB

/// The SQLite file: opened so that what is committed stays committed, and shared with the
/// command-line tools that run beside the daemon.
package struct LedgerDatabase: Sendable {
  /// How long a connection waits for another process's write, in seconds.
  static let busyTimeout = 10.0
  /// Reads are short; more connections would only hold memory.
  private static let readers = 2

  /// In bytes. A reader that is stuck makes the write-ahead log grow; once it is gone, the log is
  /// cut to what it has before a checkpoint anyway. No checkpoint has to wait for that, which
  /// Litestream would not let pass.
  private static let keptLogSize = 4 << 20

  let pool: DatabasePool
  let log = LogState()
  private let place: DatabasePlace
  /// Tells transactions when they happen.
  package var clock: @Sendable () -> Date

  /// Opens the file, makes it with mode 0600 if there is none, and brings its tables up to date.
  ///
  /// - Parameters:
  ///   - migrations: Adds the tables of others than the ledger.
  ///   - clock: Tells transactions when they happen.
  ///   - isReplicated: Whether Litestream copies it, or is about to; where it has before, that is
  ///     seen.
  ///   - guardUpdate: Called if an older version has written the file, to bring it up to date by
  ///     what it is given, or to throw.
  /// - Throws: `OpeningFailed`, `FromNewerVersion`, what `guardUpdate` throws.
  package init(
    path: String, clock: @escaping @Sendable () -> Date = { Date() },
    isReplicated: Bool = false,
    migrations: (inout DatabaseMigrator) -> Void = { _ in },
    guardUpdate: (_ update: () throws -> Void) throws -> Void = { try $0() }
  ) throws {
    self.clock = clock
    try Self.createFolder(ofFile: path)
    do {
      try Self.createPrivateFile(path)
      place = try DatabasePlace(ofFile: path)
      let pool = try Self.openPool(
        path, isReplicated: isReplicated || Self.isReplicated(path))
      self.pool = pool
      // GRDB sets NORMAL when it opens WAL: then a committed row can vanish with the power.
      try pool.writeWithoutTransaction { db in
        try db.execute(sql: "PRAGMA synchronous = FULL")
        try db.execute(sql: "PRAGMA journal_size_limit = \(Self.keptLogSize)")
      }
      let migrator = Self.migrator(migrations)
      let applied = try pool.writeWithoutTransaction { try Self.applied(of: migrator, in: $0) }
      guard applied.isSubset(of: migrator.migrations) else { throw FromNewerVersion(path: path) }
      let update = { try Self.migrate(pool, migrator) }
      let isOlder = !applied.isEmpty && !applied.isSuperset(of: migrator.migrations)
      if isOlder { try guardUpdate(update) } else { try update() }
    } catch let error as DatabaseError {
      throw OpeningFailed(path: path, cause: error)
    } catch let error as POSIXError {
      throw OpeningFailed(path: path, cause: error)
    } catch let error as DatabasePlace.SeveralNames {
      throw OpeningFailed(path: path, cause: error)
    }
  }

  /// Of one moment, as another process may be making the tables.
  private static func applied(
    of migrator: DatabaseMigrator, in db: Database
  ) throws -> Set<String> {
    var applied: Set<String> = []
    try db.inTransaction(.deferred) {
      // The migrator takes a table that appears between its looks for an error.
      if try db.tableExists("grdb_migrations") { applied = try migrator.appliedIdentifiers(db) }
      return .commit
    }
    return applied
  }

  /// Two processes that begin a new file's write-ahead log at the same moment do not wait for each
  /// other: SQLite refuses one of them at once.
  private static func openPool(_ path: String, isReplicated: Bool) throws -> DatabasePool {
    var configuration = Configuration()
    configuration.busyMode = .timeout(busyTimeout)
    configuration.maximumReaderCount = readers
    // What is deleted is overwritten, whatever SQLite was built to do by itself.
    configuration.prepareDatabase { db in
      try db.execute(sql: "PRAGMA secure_delete = ON")
      // Litestream checkpoints by itself. Where we do beside it, its copy lacks pages (seen with
      // 0.5.17): presumably those between its last look at the log and our checkpoint.
      if isReplicated { try db.execute(sql: "PRAGMA wal_autocheckpoint = 0") }
    }
    let end = ContinuousClock.now + .seconds(busyTimeout)
    while true {
      do {
        return try DatabasePool(path: path, configuration: configuration)
      } catch let error as DatabaseError
        where error.resultCode == .SQLITE_BUSY && ContinuousClock.now < end
      {
        usleep(10_000)
      }
    }
  }

  /// Makes the folder that the file is to be in, which others cannot look into.
  ///
  /// - Throws: `OpeningFailed`.
  package static func createFolder(ofFile path: String) throws {
    do {
      try FileManager.default.createDirectory(
        at: URL(fileURLWithPath: path).deletingLastPathComponent(),
        withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw OpeningFailed(path: path, cause: error)
    }
  }

  /// Runs `body` in one IMMEDIATE transaction and commits it. Synchronous on purpose: an async
  /// write in a cancelled task writes nothing, and nothing that settles or voids may be lost that
  /// way.
  package func write<Value>(_ body: (LedgerTransaction) throws -> Value) throws -> Value {
    let actions = CommitActions()
    let value = try pool.write {
      try body(LedgerTransaction(db: $0, now: clock(), actions: actions))
    }
    actions.perform()
    return value
  }

  /// Reads one consistent state. Waits for no writer.
  package func read<Value>(_ body: (LedgerTransaction) throws -> Value) throws -> Value {
    try pool.read { try body(LedgerTransaction(db: $0, now: clock())) }
  }

  /// Reads a file as it is: nothing is written to it or brought up to date.
  ///
  /// - Throws: Errors of the database, and what `body` throws.
  package static func look<Value>(
    at path: String, _ body: (LedgerTransaction) throws -> Value
  ) throws -> Value {
    var configuration = Configuration()
    configuration.readonly = true
    configuration.busyMode = .timeout(busyTimeout)
    return try DatabaseQueue(path: path, configuration: configuration).read {
      try body(LedgerTransaction(db: $0, now: Date()))
    }
  }

  /// By the clock that transactions go by.
  package var now: Date { clock() }

  /// As it was opened.
  package var path: String { pool.path }

  /// In bytes, on the disk with the file; `nil` if it cannot be learned.
  package var freeDiskSpace: Int64? {
    let attributes = try? FileManager.default.attributesOfFileSystem(forPath: pool.path)
    return (attributes?[.systemFreeSize] as? NSNumber)?.int64Value
  }

  /// What has become of the file since it was opened; `nil` if it is in its place.
  package var change: DatabasePlace.Change? { place.change }

  package func close() throws {
    try pool.close()
  }

  /// Whether a newer version has been here, whose rows this one may misread.
  package static func isFromNewerVersion(
    _ db: Database, migrations: (inout DatabaseMigrator) -> Void
  ) throws -> Bool {
    try migrator(migrations).hasBeenSuperseded(db)
  }

  /// A newer version has brought the tables up to a date that this one does not know.
  package struct FromNewerVersion: Error, CustomStringConvertible {
    var path: String

    package var description: String {
      "The database \(path) was written by a newer version of aidevbot; install that one again, or "
        + "restore a backup that this one made."
    }
  }

  package struct OpeningFailed: Error, CustomStringConvertible {
    var path: String
    var cause: any Error

    package init(path: String, cause: any Error) {
      self.path = path
      self.cause = cause
    }

    package var description: String {
      let reason =
        switch cause {
        case let error as DatabaseError: error.advice
        case let error as POSIXError: String(cString: strerror(error.code.rawValue))
        // Foundation's own words name an object in memory.
        default: underlying.map { String(cString: strerror($0)) } ?? String(describing: cause)
        }
      return "the database \(path) cannot be opened: \(reason)"
    }

    private var underlying: Int32? {
      guard let error = (cause as NSError).userInfo[NSUnderlyingErrorKey] as? any Error else {
        return nil
      }
      let underlying = error as NSError
      return underlying.domain == NSPOSIXErrorDomain ? Int32(underlying.code) : nil
    }
  }

  private static func migrator(
    _ migrations: (inout DatabaseMigrator) -> Void
  ) -> DatabaseMigrator {
    var migrator = DatabaseMigrator()
    LedgerSchema.register(in: &migrator)
    migrations(&migrator)
    return migrator
  }

  /// A process that opens the file at the same moment can be first with a migration, which then
  /// fails here, without effect, and is found done at the next attempt.
  private static func migrate(_ pool: DatabasePool, _ migrator: DatabaseMigrator) throws {
    for _ in migrator.migrations {
      do {
        return try migrator.migrate(pool)
      } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
        throw error  // It has waited already.
      } catch {
        continue
      }
    }
    try migrator.migrate(pool)
  }

  /// SQLite gives its `-wal` and `-shm` files the mode of the database itself. A file that is there
  /// is not opened here: to close it would end the locks that SQLite has on it in this process
  /// (fcntl(2), F_SETLK).
  static func createPrivateFile(_ path: String) throws {
    let file = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600)
    guard file < 0 else {
      Glibc.close(file)
      return
    }
    guard errno == EEXIST, access(path, R_OK | W_OK) == 0 else {
      throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
    }
  }
}
