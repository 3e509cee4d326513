import Foundation
import Testing

@testable import Bot

@Suite("Pages of the program")
struct ProgramPagesTests {
  @Test func areGivenBackWhereTheyAreNotInUse() throws {
    let before = try residentFilePages()
    ProgramPages.giveBack()
    #expect(try residentFilePages() < before)
  }

  @Test func areLookedAtOnceAStartIsOver() {
    var pages = ProgramPages()
    let pauses = (0..<3).map { _ in pages.round() }
    #expect(pauses == [.seconds(2), .seconds(600), .seconds(600)])
  }

  /// In kB (proc_pid_status(5)).
  private func residentFilePages() throws -> Int {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let match = try #require(status.firstMatch(of: /RssFile:\s+([0-9]+) kB/))
    return try #require(Int(match.1))
  }
}
