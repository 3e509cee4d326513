import Testing
import TestSupport

@Suite("aidevbot alert")
struct AlertCommandTests {
  @Test func reachesTheAdministratorsByTheRunningBot() async throws {
    try await World.run { world in
      let changes = ["TELEGRAM_ADMIN_USER_IDS": "1001,1002"]
      let daemon = try await world.startDaemon(changing: changes)
      let text = "aidevbot-backup.service has failed. To see why: journalctl -u aidevbot-backup"
      let ending = try await world.aidevbot("alert", text, changing: changes.mapValues { $0 })
      #expect(ending.status == 0, "\(ending.errors)")
      #expect(ending.output == "Queued for the administrators: 2.\n")
      for user: Int64 in [1_001, 1_002] {
        #expect(try await world.replies(1, to: user) == ["⚠️ \(text)"])
      }
      try await world.stop(daemon)
    }
  }

  @Test func saysThatThereIsNobodyToTell() async throws {
    try await World.run { world in
      try await world.openAnAccountInTheConsole()
      let ending = try await world.aidevbot("alert", "The disk is full.")
      #expect(ending.status == 78)
      #expect(
        ending.errors
          == "aidevbot: TELEGRAM_ADMIN_USER_IDS is not set, so there is nobody to tell\n")
      #expect(try await world.aidevbot("alert", " ").status == 64)
    }
  }
}
