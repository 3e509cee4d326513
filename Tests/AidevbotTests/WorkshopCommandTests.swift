import Foundation
import Glibc
import Testing

/// What an operator sees of the workshop, and what systemd starts.
@Suite("The workshop of aidevbot")
struct WorkshopCommandTests {
  private func workshopLines(_ world: World, socket: String) async throws -> [String] {
    let ending = try await world.aidevbot("doctor", changing: ["WORKSHOP_SOCKET": socket])
    return ending.outputLines.filter { $0.contains("  workshop  ") }.map(String.init)
  }

  @Test func doctorTriesToGetOutOfTheCage() async throws {
    try await World.run { world in
      let lines = try await workshopLines(world, socket: world.path("none"))
      #expect(lines.count == 2, "\(lines)")
      #expect(
        lines.first?.hasPrefix(
          "ok      workshop      bubblewrap's, which bounds the memory of each process and not of "
            + "all, with ") == true, "\(lines)")
      #expect(lines.first?.contains("perl 5.") == true, "\(lines)")
      #expect(
        lines.last == "ok      workshop      refuses every way out that was tried: network, files, "
          + "privileges, processes, fork bomb, disk, memory, time and signals")
    }
  }

  @Test func doctorSaysWhereNothingIsRun() async throws {
    try await World.run { world in
      let lines = try await workshopLines(world, socket: "off")
      #expect(
        lines.count == 1
          && lines[0].hasPrefix(
            "note    workshop      what models write cannot be run: it is switched off"),
        "\(lines)")
    }
  }

  @Test func doctorSaysWhereTheServiceDoesNotAnswer() async throws {
    try await World.run { world in
      let path = world.path("dead")
      #expect(mknod(path, S_IFSOCK | 0o600, 0) == 0)
      let lines = try await workshopLines(world, socket: path)
      #expect(
        lines == [
          "FAILED  workshop      nothing can be run here: \(path): Connection refused "
            + "→ journalctl -u 'aidevbot-workshop@*' -n 20"
        ])
    }
  }

  @Test func whatSystemdStartsIsNotForPeople() async throws {
    try await World.run { world in
      let ending = try await world.aidevbot("serve-workshop")
      #expect(ending.status == 64)
      #expect(ending.errors.contains("aidevbot-workshop.socket starts this"))
      #expect(try await world.aidevbot("--help").output.contains("serve-workshop") == false)
    }
  }
}
