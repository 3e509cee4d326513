import Assistant
@testable import Bot
@testable import Builds
import Foundation
import GRDB
import Ledger
@testable import Messaging
import Software
import TestSupport
import Testing
import Workshop

/// A bot whose models plan and write a small program, with a mistake on the way, and whose workshop
/// finds it.
final class BuildRig: Sendable {
  let bot: BotRig
  /// What the models answer to each step, by its name; the last one again and again.
  let script: Watched<[String: [String]]>
  /// The commands that were run, with the files that they found.
  let runs: Watched<[WorkshopRun]>
  /// What the next runs come to; `true` once there are no more.
  let outcomes: Watched<[Bool]>
  /// What a command that passes prints.
  let output = Watched("OK")
  /// Whether the workshop ends what it runs.
  let ends = Watched(true)

  static let idea = BuildScript.idea
  static let questions = BuildScript.questions
  static let plan = BuildScript.plan
  static let greet = BuildScript.greet
  static let tests = BuildScript.tests
  static let repair = BuildScript.repair
  static let approval = BuildScript.approval

  init(
    model: String = BotRig.flash, others: [String] = [], credits: String = "100",
    languages: [String] = ["python3 3.11"], notices: BalanceNotices = BalanceNotices(),
    at location: SourceLocation = #_sourceLocation
  ) throws {
    let (runs, outcomes) = (Watched<[WorkshopRun]>([]), Watched<[Bool]>([]))
    (self.runs, self.outcomes) = (runs, outcomes)
    let workshop = Workshop(
      languages: { () throws(WorkshopError) in languages },
      run: { [output, ends] run throws(WorkshopError) in
        runs.change { $0.append(run) }
        do {
          try await ends.wait(for: "the end of the command") { $0 }
        } catch {
          throw .cancelled
        }
        let passes = outcomes.change { $0.isEmpty ? true : $0.removeFirst() }
        return WorkshopResult(
          ending: .exited(passes ? 0 : 1), output: passes ? output.value : "NameError: boom",
          milliseconds: 5)
      })
    bot = try BotRig(
      model: model, others: others, credits: credits, notices: notices, workshop: workshop,
      at: location)
    script = Watched(BuildScript.answers())
    bot.gemini.answerSteps(by: script)
    bot.openRouter.answerSteps(by: script)
  }

  static func step(of request: LoopbackRequest) -> String? { BuildScript.step(of: request) }

  /// The steps that models were asked for, in order.
  var steps: [String] {
    (bot.gemini.paidCalls + bot.openRouter.paidCalls).compactMap(Self.step)
  }

  // MARK: - What a person does

  /// Says something, and waits until the bot has done all that it does by itself.
  @discardableResult
  func say(_ text: String, from user: Int64 = 42) async throws -> [String] {
    let texts = try await bot.say(text, from: user)
    await bot.engine.builds.finish()
    return texts
  }

  /// Presses the newest button of that title. Returns the note over the chat.
  @discardableResult
  func press(_ title: String, from user: Int64 = 42) async throws -> String {
    try await press(data: try button(title), from: user)
  }

  @discardableResult
  func press(data: String, from user: Int64 = 42) async throws -> String {
    let replies = try await bot.press(data, from: user)
    await bot.engine.builds.finish()
    return replies.first?.text ?? ""
  }

  /// Up to the plan and its price.
  func plan(_ idea: String = BuildRig.idea) async throws {
    try await say("/start")
    try await say("/new \(idea)")
    try await press("Just build it")
  }

  // MARK: - What is there

  func build() throws -> Build {
    try bot.database.read { tx in
      let id = try #require(
        try String.fetchOne(tx.db, sql: "SELECT id FROM builds ORDER BY rowid DESC LIMIT 1"))
      return try #require(try tx.builds.find(id))
    }
  }

  func files() throws -> [String: String] {
    let build = try build()
    let files = try bot.database.read { try $0.builds.files(ofProject: build.projectID) }
    return Dictionary(uniqueKeysWithValues: files.contents.map { ($0.text, $1) })
  }

  func steps(of build: Build) throws -> [BuildStep] {
    try bot.database.read { try $0.builds.steps(of: build.id) }
  }

  func spent() throws -> Credits {
    let build = try build()
    return try bot.database.read { try $0.builds.spent(on: build.id) }
  }

  var lastText: String {
    get throws { try bot.texts().last { !$0.isEmpty } ?? "" }
  }
}

extension BotRig {
  /// Begins a project in which nothing is built.
  func beginProject(_ title: String, of user: Int64 = 42) throws {
    try database.write { tx in
      let account = try tx.users.account(telegramUserID: user)
      _ = try tx.projects.create(title: title, userID: account.id)
    }
  }
}

extension BuildRig {
  func button(_ title: String) throws -> String {
    let buttons = try bot.replies().flatMap(\.buttons)
    return try #require(buttons.last { $0.title == title }).data
  }

  func dataOfStop() throws -> String {
    let build = try build()
    return "new:stop:\(build.id):\(build.version)"
  }

  /// Agrees to the price, and returns once files are to be written: that call waits until the value
  /// is true.
  func beginToBuild() async throws -> Watched<Bool> {
    let isOpen = Watched(false)
    bot.gemini.onCall { request in
      if Self.step(of: request) == "task" { _ = isOpen.block(until: { $0 }) }
      return nil
    }
    _ = try await bot.press(try button("Build it"))
    await bot.engine.builds.start()
    try await bot.gemini.requests.wait(for: "the call") { requests in
      requests.contains { Self.step(of: $0) == "task" }
    }
    return isOpen
  }
}
