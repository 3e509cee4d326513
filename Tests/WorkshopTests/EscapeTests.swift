import Testing

@testable import Workshop

/// An attempt that succeeds is named: what refuses everything proves nothing.
@Suite("Escape")
struct EscapeTests {
  private func escape(_ name: String) throws -> Escape {
    try #require(Escape.all.first { $0.name == name })
  }

  @Test func moreProcessesThanTheCageShouldAllowAreSeen() async throws {
    var limits = Cage.Limits()
    limits.processes = 2_000
    let cage = Cage(bubblewrap: "/usr/bin/bwrap", limits: limits)
    let forks = try escape("fork bomb").allowing(seconds: 600)
    let found = try await forks.attempt { run async throws(WorkshopError) in
      try await cage.run(run)
    }
    #expect(found == "1000 processes")
  }

  @Test(arguments: [
    ("network", "a way to 1.1.1.1"), ("processes", "a run ends another one"),
    ("time and signals", "it does not end with its time"),
  ])
  func whatGetsOutIsNamed(_ name: String, _ words: String) async throws {
    let found = try await escape(name).attempt { _ in
      WorkshopResult(ending: .exited(1), output: "\(words)\n", milliseconds: 1)
    }
    #expect(found == words)
  }

  @Test func aWorkshopThatIsNotThereRefusesNothing() async throws {
    for escape in Escape.all {
      await #expect(throws: WorkshopError.self) { try await escape.attempt(in: .none("")) }
    }
  }
}
