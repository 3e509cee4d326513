import ArgumentParser
import Assistant
import Bot
import Commands
import Foundation
import Glibc
import LanguageModels
import Ledger
import Logging
import Metering
import Settings

struct ConsoleCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "console",
    abstract: "Talk to the bot in this terminal, without Telegram.",
    discussion: """
      The same commands, credits and database as on Telegram. Where no provider key is set, an \
      embedded demo model answers, and is charged for like a real one. A line #1 presses the first \
      button. Ctrl-D ends the conversation.
      """)

  @OptionGroup var options: ConfigOption

  func run() async throws {
    let composition = try await Composition(options)
    let logger = try composition.logger(default: .warning)
    _ = try composition.settings.bot()
    let llm = try composition.llm(withDemo: true)
    let path = try composition.settings.databasePath()
    let isTerminal = isatty(STDIN_FILENO) == 1
    try await composition.withDatabase(holding: .console) { database in
      let settings = try Self.settings(composition.choosingModels(by: database), llm)
      try await withLogger(logger) { _ in
        let session = try ConsoleSession(
          database: database, llm: llm, settings: settings, firstName: Self.userName
        ) { show("\n\($0)\n\n") }
        show(Self.greeting(settings.models, path: path))
        try await session.run(Self.lines()) { if isTerminal { show("you> ") } }
      }
      if isTerminal { show("\n") }
    }
  }

  private static func settings(_ composition: Composition, _ llm: LLMClient) throws -> BotSettings {
    var settings = try composition.settings.bot()
    let demo = ModelID(.demo, name: "demo-1")
    settings.models = settings.models.replacing { llm.canCall($0.provider) ? nil : demo }
    return settings
  }

  private static var userName: String {
    let name = ProcessInfo.processInfo.environment["USER"] ?? ""
    return name.isEmpty ? "friend" : name
  }

  private static func greeting(_ models: ModelAssignment, path: String) -> String {
    let isDemo = TaskType.allCases.contains { models[$0].provider == .demo }
    let wanted = Provider.all.enumerated().map { index, provider in
      "\(provider.essentialSetting) for \(index == 0 ? "models" : "those") of \(provider.id)/"
    }
    let note = """
      No key is set for some models: in their place a built-in demo answers. It is no real model, \
      but its tokens are counted and priced, so you can see credits move. For real answers, \
      set \(wanted.joined(separator: ", ", last: ", and ")).


      """
    return """
      This is aidevbot in your terminal. Begin with /start; /help lists the commands, Ctrl-D ends.
      Credits and projects are kept in \(path).
      \(isDemo ? note : "\n")
      """
  }

  /// Standard input, line by line. It is read on a thread of its own, as reading blocks.
  private static func lines() -> AsyncStream<String> {
    let (lines, input) = AsyncStream<String>.makeStream()
    Thread.detachNewThread {
      while let line = readLine() { input.yield(line) }
      input.finish()
    }
    return lines
  }
}

/// Prints at once, even if standard output is a pipe.
private func show(_ text: String) {
  FileHandle.standardOutput.write(Data(text.utf8))
}
