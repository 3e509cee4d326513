import GRDB
@testable import Ledger
import Testing

@Suite("What an operator is told of the database")
struct DatabaseAdviceTests {
  @Test(arguments: [
    (ResultCode.SQLITE_FULL, "the disk is full; free some space (SQLite error 13)"),
    (.SQLITE_IOERR_FSYNC, "the disk fails or is full; look at df and dmesg (SQLite error 1034)"),
    (.SQLITE_BUSY, "another program keeps it locked"),
    (.SQLITE_PROTOCOL, "another program keeps it locked"),
    (.SQLITE_CANTOPEN, "can be neither opened nor made"),
    (.SQLITE_READONLY_DIRECTORY, "it may not be written"),
    (.SQLITE_CORRUPT, "bring back the last backup"),
    (.SQLITE_TOOBIG, "SQLite error 18"),
  ])
  func namesWhatIsWrong(code: ResultCode, advice: String) {
    let error = DatabaseError(resultCode: code)
    #expect(error.advice.contains(advice))
    #expect(String(describing: DatabaseFailure(error)).hasPrefix("the database does not work: "))
  }
}
