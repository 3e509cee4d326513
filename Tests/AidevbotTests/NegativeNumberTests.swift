@testable import aidevbot
import Foundation
import Testing
import TestSupport

@Suite("Negative numbers at the shell")
struct NegativeNumberTests {
  @Test(arguments: [
    (["grant", "5", "-1e400"], ["grant", "5", "--", "-1e400"]),
    (
      ["grant", "5", "--yes", "-20", "--reason", "x"],
      ["grant", "5", "--yes", "--reason", "x", "--", "-20"]
    ),
    (
      ["grant", "-5", "5", "--reason", "x", "--json"],
      ["grant", "--reason", "x", "--json", "--", "-5", "5"]
    ),
    (["grant", "-5", "5", "-h"], ["grant", "-h", "--", "-5", "5"]),
    (["quote", "--images", "-1.5"], ["quote", "--images=-1.5"]),
    (["quote", "--images", "-.5x"], ["quote", "--images=-.5x"]),
    (["list", "--json", "--config", "a"], ["list", "--json", "--config", "a"]),
    (["grant", "--", "5", "-1"], ["grant", "--", "5", "-1"]),
  ])
  func reachWhatTheyAreMeantFor(given: [String], read: [String]) {
    #expect(withNegativeNumbersReadable(given) == read)
  }

  /// Behind an option with a value, a negative number belongs to that; behind these it does not.
  @Test func allFlagsAreKnown() async throws {
    try await World.run { world in
      let dump = try await world.aidevbot("--experimental-dump-help")
      var names: Set<String> = []
      func collect(_ command: JSONValue) {
        for argument in command["arguments"]?.array ?? [] where argument["kind"] == "flag" {
          for name in argument["names"]?.array ?? [] where name["kind"] == "long" {
            names.insert(name["name"]?.string ?? "?")
          }
        }
        for child in command["subcommands"]?.array ?? [] { collect(child) }
      }
      collect(try #require(try JSONValue(json: Data(dump.output.utf8))["command"]))
      #expect(names.count > 5)
      #expect(names == flagNames)
    }
  }
}
