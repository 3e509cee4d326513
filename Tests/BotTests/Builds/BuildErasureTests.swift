import Assistant
import Bot
@testable import Builds
import Commands
import Foundation
import GRDB
@testable import Ledger
@testable import Messaging
import TestSupport
import Testing

/// What is left of a build once its person has gone, or a backup of the middle of it is restored.
@Suite("Erased and restored builds") struct BuildErasureTests {
  let rig: BuildRig

  init() throws {
    rig = try BuildRig()
  }

  private func erase() async throws -> String? {
    try await rig.bot.press("deletemydata:yes").first?.text
  }

  /// In the file and in its log, in whatever table.
  private func holds(_ words: String) throws -> Bool {
    try ["", "-wal"].contains { suffix in
      let path = rig.bot.folder.appendingPathComponent("test.sqlite" + suffix)
      return try Data(contentsOf: path).range(of: Data(words.utf8)) != nil
    }
  }

  private func expectNothingLeft() throws {
    for words in ["canary", "greet", "Greeter"] {
      #expect(try !holds(words), "\(words)")
    }
    #expect(try rig.build().place.chatID == 0)
    #expect(try rig.bot.holds().allSatisfy { $0.state != .pending })
    #expect(try rig.bot.count("project_files") == 0)
  }

  @Test func aCallUnderWayIsStoppedFirstAndASecondTapErases() async throws {
    try await rig.plan("a program that greets a canary")
    let isOpen = try await rig.beginToBuild()
    #expect(
      try await erase()
        == "A request or a refund of yours is under way. Please try again in a minute.")
    #expect(try rig.build().state == .stopped)
    await rig.bot.engine.builds.becomeIdle()
    isOpen.change { $0 = true }
    #expect(try holds("canary"))
    #expect(try await erase() == "Your data is erased.")
    try expectNothingLeft()
    #expect(try rig.build().state == .stopped)
    await rig.bot.engine.builds.finish()
    #expect(rig.steps == ["questions", "plan", "task"])
  }

  @Test func aCommandUnderWayTellsNothingOfAnErasedBuild() async throws {
    rig.ends.change { $0 = false }
    rig.output.change { $0 = "greets a canary" }
    try await rig.plan("a program that greets a canary")
    _ = try await rig.bot.press(try rig.button("Build it"))
    await rig.bot.engine.builds.start()
    try await rig.runs.wait(for: "the command") { !$0.isEmpty }
    #expect(try rig.steps(of: rig.build()).last?.state == .begun)
    #expect(try await erase() == "Your data is erased.")
    rig.ends.change { $0 = true }
    await rig.bot.engine.builds.becomeIdle()
    #expect(try rig.steps(of: rig.build()).map(\.state).contains(.begun) == false)
    #expect(rig.steps == ["questions", "plan", "task"])
    let words = try rig.bot.database.read { tx in
      try ["builds", "build_steps", "project_files", "projects", "outbox"].flatMap { table in
        try Row.fetchAll(tx.db, sql: "SELECT * FROM \(table)").map { "\($0)" }
      }.joined()
    }
    #expect(!words.contains("canary") && !words.contains("reet"), "\(words)")
  }

  @Test func aZipThatWaitsToBeSentIsTakenBack() async throws {
    try await rig.plan("a program that greets a canary")
    try await rig.press("Build it")
    try await rig.say("/files greet.py")
    let documents = try rig.bot.replies().filter { $0.method == "sendDocument" }
    #expect(documents.map(\.state) == ["queued", "queued"])
    #expect(try holds("greet.py"))
    #expect(try await erase() == "Your data is erased.")
    try expectNothingLeft()
    #expect(try rig.build().state == .delivered)
    #expect(try rig.bot.replies().allSatisfy { $0.method != "sendDocument" })
  }

  // MARK: - Restores

  private func backUp() throws -> String {
    let backup = rig.bot.folder.appendingPathComponent("backup.sqlite").path
    let path = rig.bot.folder.appendingPathComponent("test.sqlite").path
    _ = try DatabaseBackup(of: rig.bot.database, at: path).write(
      to: backup, replacing: true, progress: { _, _ in })
    return backup
  }

  private func engine(of file: LedgerDatabase) throws -> Engine {
    let bot = rig.bot
    let writer = LedgerWriter(database: file, sleep: bot.writer.sleep)
    return try BotRig.engine(writer, bot.llm, bot.settings, bot.workshop, bot.wakes, bot.previews)
  }

  private func restore(_ backup: String) throws -> LedgerDatabase {
    let target = rig.bot.folder.appendingPathComponent("restored.sqlite").path
    let erasure = AccountErasure(outbox: Outbox(channel: .telegram))
    _ = try DatabaseRestore(
      to: target, knownBy: LedgerDatabase.tablesOfBot,
      open: { try LedgerDatabase.openForBot(path: $0) },
      eraseAgain: { try erasure.eraseAgain($0, rig.bot.settings.terms, in: $1) }
    ).restore(from: backup, at: Date(), progress: { _, _ in })
    return try LedgerDatabase.openForBot(path: target)
  }

  @Test func aBackupOfTheMiddleGoesOnOnceItsPersonSaysSo() async throws {
    try await rig.plan()
    let isOpen = try await rig.beginToBuild()
    let backup = try backUp()
    let before = try rig.build()
    isOpen.change { $0 = true }
    await rig.bot.engine.builds.becomeIdle()
    #expect(try rig.build().state == .delivered)
    let asked = rig.steps.count

    let file = try restore(backup)
    defer { try? file.close() }
    let next = try engine(of: file)
    await next.builds.finish()
    let paused = try #require(try file.read { try $0.builds.find(before.id) })
    #expect(paused.state == .paused)
    #expect(paused.pauseReason == .restored)
    #expect(rig.steps.count == asked)
    // A button of before the backup says nothing any more.
    try await press("new:pause:\(before.id):\(before.version)", next)
    try await press("new:go:\(paused.id):\(paused.version)", next)
    try file.read { tx in
      let build = try #require(try tx.builds.find(before.id))
      #expect(build.state == .delivered)
      #expect(build.cap == before.cap)
      let steps = try tx.builds.steps(of: build.id)
      #expect(steps.map(\.number) == Array(1...steps.count))
      #expect(steps.filter { $0.state == .cutOff }.map(\.kind) == [.write])
      #expect(steps.allSatisfy { $0.state == .done || $0.state == .cutOff })
      // Questions, plan, two tasks and the last look: each is charged for, and charged for once.
      let charges = try Int.fetchAll(
        tx.db,
        sql: """
          SELECT count(*) FROM credit_transactions WHERE hold_id IS NOT NULL
          GROUP BY hold_id
          """)
      #expect(charges == [1, 1, 1, 1, 1])
      let pending = try Int.fetchOne(
        tx.db, sql: "SELECT count(*) FROM credit_holds WHERE state = 'pending'")
      #expect(pending == 0)
      let account = try tx.users.account(telegramUserID: 42)
      #expect(
        try account.balance
          == Credits(micro: 100_000_000).subtracting(tx.builds.spent(on: build.id)))
      #expect(account.held == .zero)
      #expect(try tx.verification.verify().breaks == [])
    }
    #expect(Array(rig.steps[asked...]) == ["task", "task", "review"])
  }

  /// The planner may have answered since, and its owner decide anew.
  @Test func aBackupOfThePlanningGoesOnOnceItsPersonSaysSo() async throws {
    try await rig.plan()
    try await rig.press("Change something")
    let isOpen = Watched(false)
    rig.bot.gemini.onCall { request in
      if BuildRig.step(of: request) == "change of plan" { _ = isOpen.block(until: { $0 }) }
      return nil
    }
    _ = try await rig.bot.say("Greet in Latin")
    try await rig.bot.gemini.requests.wait(for: "the call") { requests in
      requests.contains { BuildRig.step(of: $0) == "change of plan" }
    }
    let before = try rig.build()
    let backup = try backUp()
    isOpen.change { $0 = true }
    await rig.bot.engine.builds.becomeIdle()
    #expect(try rig.build().state == .quoted)
    let (spent, asked) = (try rig.spent(), rig.steps.count)

    let file = try restore(backup)
    defer { try? file.close() }
    let next = try engine(of: file)
    await next.builds.finish()
    #expect(rig.steps.count == asked)
    let paused = try #require(try file.read { try $0.builds.find(before.id) })
    #expect([paused.state.rawValue, paused.pauseReason?.rawValue] == ["paused", "restored"])
    // No button of another plan that came after the backup fits one that comes from now on.
    #expect(paused.version > before.version + 1_000)
    let status = try file.read { try $0.projects.find(paused.projectID)?.status }
    #expect(status == .paused)
    try await press("new:go:\(paused.id):\(paused.version)", next)
    #expect(Array(rig.steps[asked...]) == ["change of plan"])
    try file.read { tx in
      let build = try #require(try tx.builds.find(before.id))
      #expect(build.state == .quoted)
      #expect(try tx.builds.spent(on: before.id) == spent)
      #expect(try tx.spending(ofBuild: before.id).held == .zero)
      #expect(try tx.verification.verify().breaks == [])
    }
  }

  private func press(_ data: String, _ engine: Engine) async throws {
    let id = rig.bot.nextUpdateID()
    try await engine.receive([.update(id, "callback_query", .press(data))], nextOffset: nil)
    await engine.dispatcher.becomeIdle()
    await engine.builds.finish()
  }
}
