import ArgumentParser
import Messaging
import Settings

struct AlertCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "alert",
    abstract: "Tell the administrators something, as a message of the bot.",
    discussion: """
      For what watches over this machine: aidevbot-alert@.service says by it that a unit has \
      failed. \
      The running bot sends it within a minute, one that is stopped after its next start. \
      Exit status 78 where TELEGRAM_ADMIN_USER_IDS names nobody.
      """)

  /// Less than a message may have, with room for its sign.
  private static let maximumLength = 2_000

  @Argument(help: "What to tell them.")
  var text: String
  @OptionGroup var options: ConfigOption

  func validate() throws {
    guard !text.allSatisfy(\.isWhitespace) else { throw ValidationError("TEXT must not be empty.") }
    guard text.utf16.count <= Self.maximumLength else {
      throw ValidationError("TEXT is longer than \(Self.maximumLength) characters.")
    }
  }

  func run() async throws {
    let composition = try await Composition(options)
    let administrators = try composition.settings.telegramAdminUserIDs
    guard !administrators.isEmpty else {
      throw SettingsError(
        Settings.declared.telegramAdminUserIDs.key, "is not set, so there is nobody to tell")
    }
    try await composition.withWriter { writer in
      let alerts = OperatorAlerts(
        administrators: administrators, outbox: Outbox(channel: .telegram), writer: writer)
      try await writer.write(for: "telling the administrators") { try alerts.queue(text, in: $0) }
    }
    print("Queued for the administrators: \(administrators.count).")
  }
}
