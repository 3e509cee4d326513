@testable import Standby
import Testing

/// What a machine does at its start, from the lease and its own file.
@Suite("The next move")
struct NextMoveTests {
  private func move(
    _ lease: Lease?, with file: NextMove.OwnFile, copiesOf terms: [Int64] = []
  ) -> NextMove {
    .after(lease, on: "one", with: file, path: "/db", copiesOf: terms)
  }

  private func lease(_ term: Int64, of holder: String, restore: String? = "term-2") -> Lease {
    Lease(term: term, holder: holder, restore: restore)
  }

  @Test(arguments: [NextMove.OwnFile.none, .withoutTerm])
  func beginsWhereNobodyHas(file: NextMove.OwnFile) {
    #expect(move(nil, with: file) == .begin(Lease(term: 1, holder: "one", restore: nil)))
  }

  /// Somebody has deleted the lease. Whoever begins without the newest database would lose it all.
  @Test func goesOnWithoutALeaseWithTheNewestDatabaseAlone() {
    #expect(
      move(nil, with: .ofTerm(4), copiesOf: [3, 4])
        == .begin(Lease(term: 5, holder: "one", restore: nil)))
    for file in [NextMove.OwnFile.none, .withoutTerm, .ofTerm(3)] {
      #expect(move(nil, with: file, copiesOf: [4, 3]) == .refuse(.leaseIsGone(newest: 4)))
    }
  }

  @Test func goesOnWithItsOwnFileAfterACrash() {
    #expect(move(lease(3, of: "one"), with: .ofTerm(3)) == .goOn)
    // Before the first copy, whatever the file says of itself: there is nothing else.
    for file in [NextMove.OwnFile.withoutTerm, .ofTerm(2)] {
      #expect(move(lease(3, of: "one", restore: nil), with: file) == .goOn)
    }
    #expect(move(lease(1, of: "one", restore: nil), with: .none) == .goOn)
  }

  /// It began anew without a lease, and its file was lost before the first copy: the path of an
  /// earlier term has more than nothing.
  @Test func beginsNoEmptyDatabaseInALaterTerm() {
    #expect(
      move(lease(3, of: "one", restore: nil), with: .none) == .refuse(.leaseIsGone(newest: 2)))
  }

  /// It died while it restored, in the term that it had taken.
  @Test func restoresWhereTheFileIsNotYetThatOfTheTerm() {
    for file in [NextMove.OwnFile.none, .withoutTerm, .ofTerm(2)] {
      #expect(move(lease(3, of: "one"), with: file) == .restore)
    }
  }

  /// Its file is gone, and its path has what it promised: it goes on elsewhere.
  @Test func takesAnotherTermWhereItsFileIsGone() {
    for file in [NextMove.OwnFile.none, .withoutTerm, .ofTerm(1)] {
      #expect(move(lease(2, of: "one"), with: file) == .takeAnew)
    }
  }

  @Test(arguments: ["two", ""])
  func standsByWhileItIsAnothers(holder: String) {
    for file in [NextMove.OwnFile.none, .ofTerm(2), .ofTerm(3)] {
      #expect(move(lease(3, of: holder), with: file) == .standBy)
    }
  }

  @Test func setsNoDatabaseAsideThatWasNeverOfTheBucket() {
    #expect(
      move(lease(3, of: "two"), with: .withoutTerm)
        == .refuse(.strangeDatabase(path: "/db", holder: "two")))
  }

  @Test func believesNoBucketThatIsOlderThanTheDatabase() {
    for holder in ["one", "two"] {
      #expect(
        move(lease(3, of: holder), with: .ofTerm(4))
          == .refuse(.bucketIsOlder(lease: 3, database: 4)))
    }
  }
}
