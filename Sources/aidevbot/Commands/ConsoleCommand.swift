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
      embedded demo model answers, and is charged for like a real one. #1 presses the first \
      button, Ctrl-C stops an answer or pauses a build, and exit or Ctrl-D ends the conversation. \
      Lines that are there at once, as in a paste or a pipe, are one message; a command begins a \
      new one.

      What you type at a terminal is kept for the arrow keys of the next time, in the file \
      console_history of $STATE_DIRECTORY, or else of $XDG_STATE_HOME/aidevbot, which is \
      ~/.local/state/aidevbot by default. /deletemydata empties it.
      """)

  @OptionGroup var options: ConfigOption

  func run() async throws {
    let composition = try await Composition(options)
    let logger = try composition.logger(default: .warning)
    _ = try composition.settings.bot()
    // Nobody watches a pipe.
    let isWatched = isatty(STDOUT_FILENO) == 1
    let llm = try composition.llm(demo: DemoModel(pause: isWatched ? DemoModel.pace : .zero))
    let path = try composition.settings.databasePath()
    try await composition.withDatabase(holding: .console) { database in
      let settings = try Self.settings(composition.choosingModels(by: database), llm)
      try await withLogger(logger) { _ in
        let session = try ConsoleSession(
          database: database, llm: llm, settings: settings, workshop: try composition.workshop(),
          firstName: Self.userName, showsStyles: standardOutputTakesColor(), save: Self.save,
          printPart: isWatched ? Self.showPart : nil
        ) { show("\n\(Self.onScreen($0))\n\n") }
        show(Self.onScreen(Self.greeting(settings.models, path: path)))
        try await Self.talk(session)
      }
    }
  }

  /// Into the current folder, in place of nothing that is there.
  @Sendable private static func save(_ name: String, _ data: Data) throws -> String {
    let (stem, ending) = (
      (name as NSString).deletingPathExtension, (name as NSString).pathExtension
    )
    for number in 1...Self.mostOfOneName {
      let numbered = number == 1 ? name : "\(stem)-\(number)" + (ending.isEmpty ? "" : ".\(ending)")
      let url = URL(fileURLWithPath: numbered)
      do {
        try data.write(to: url, options: .withoutOverwriting)
        return url.path
      } catch CocoaError.fileWriteFileExists {
        continue
      }
    }
    throw CocoaError(.fileWriteFileExists)
  }

  private static let mostOfOneName = 999
  private static let prompt = "you> "

  @Sendable private static func showPart(_ text: String, isLast: Bool) {
    show(onScreen(text) + (isLast ? "\n\n" : ""))
  }

  private static func settings(_ composition: Composition, _ llm: LLMClient) throws -> BotSettings {
    var settings = try composition.settings.bot()
    let demo = ModelID(.demo, name: "demo-1")
    settings.models = settings.models.replacing { llm.canCall($0.provider) ? nil : demo }
    return settings
  }

  private static func talk(_ session: ConsoleSession) async throws {
    let isTerminal = isatty(STDIN_FILENO) == 1
    let editor = isTerminal ? editor(interrupt: { Task { await session.interrupt() } }) : nil
    defer { editor?.end() }
    let input: any ConsoleInput =
      editor ?? PlainInput { show("\n\(onScreen($0))\n\n\(Self.prompt)") }
    let messages = ConsoleMessages(input: input) { session.lines.messages($0) }
    try await session.run(messages, erased: input.forget) {
      if isTerminal, editor == nil { show(Self.prompt) }
    }
    if isTerminal { show("\n") }
  }

  /// `nil` where there is no terminal to edit lines on.
  private static func editor(interrupt: @escaping @Sendable () -> Void) -> LineEditor? {
    let screen = isatty(STDOUT_FILENO) == 1 ? STDOUT_FILENO : open("/dev/tty", O_RDWR | O_CLOEXEC)
    guard screen >= 0 else { return nil }
    var history: ConsoleHistory?
    do throws(ConsoleHistory.Unusable) {
      history = try ConsoleHistory(inFolder: Settings.stateFolder)
    } catch {
      show(onScreen("\(error)\n\n"))
    }
    return LineEditor(output: screen, history: history, interrupt: interrupt)
  }

  /// In lines that a terminal does not break within words.
  private static func onScreen(_ text: String) -> String {
    guard let width = Terminal.width(of: STDOUT_FILENO) else { return text }
    return text.split(separator: "\n", omittingEmptySubsequences: false)
      .flatMap { String($0).withoutTabs.wrapped(to: width) }.joined(separator: "\n")
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
      Some models have no key, so a built-in demo answers in their place. It is no real model, but \
      its tokens are counted and priced, so you can see credits move. For real answers, \
      set \(wanted.joined(separator: ", ", last: ", and ")).


      """
    return """
      This is aidevbot in your terminal. Begin with /start; help lists the commands, exit leaves.
      Credits and projects are kept in \(path).
      \(isDemo ? note : "\n")
      """
  }
}

/// Prints at once, even if standard output is a pipe.
private func show(_ text: String) {
  FileHandle.standardOutput.write(Data(text.utf8))
}
