import ArgumentParser
import Commands
import Foundation
import Glibc
import GRDB
import Installation
import Ledger
import Messaging
import Replication
import Settings
import Standby
import TelegramBotAPI

@main
struct Aidevbot: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "aidevbot",
    abstract: "A Telegram bot that sells the work of an AI developer, for prepaid credits.",
    discussion: """
      Try it without any account:   aidevbot console
      Run it for Telegram:          aidevbot run
      See what is wrong:            aidevbot doctor

      Settings come from the environment, then (secrets alone) from systemd's credentials, then \
      from a file: the one that --config names, or else AIDEVBOT_CONFIG, or config/aidevbot.yaml, \
      or /etc/aidevbot/aidevbot.yaml. The one in the current folder is left out where it belongs \
      to another user, or the secrets are credentials. The file aidevbot.example.yaml explains \
      each setting.

      Exit status: 0 done, 1 failed or a broken ledger, 64 wrong usage, 75 try again later, \
      78 a setting is missing or malformed, or the database is of a newer version.
      """,
    version: "\(Version.current)",
    subcommands: [
      RunCommand.self, ConsoleCommand.self, DoctorCommand.self, CheckConfigCommand.self,
      PricingCommand.self, CreditsCommandGroup.self, UsersCommand.self, UsageCommand.self,
      RefundPaymentCommand.self, StarsCommand.self,
      CodesCommand.self, LedgerCommand.self, BackupCommand.self, RestoreCommand.self,
      StandbyCommandGroup.self, AlertCommand.self, ServeWorkshopCommand.self,
    ])

  static func main() async {
    do {
      var command = try parseAsRoot(
        withNegativeNumbersReadable(Array(CommandLine.arguments.dropFirst())))
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch {
      guard let status = exitStatus(of: error) else { exit(withError: error) }
      FileHandle.standardError.write(Data(lines(for: error).utf8))
      Glibc.exit(status)
    }
  }

  /// 78 (EX_CONFIG) if a restart cannot help, 75 (EX_TEMPFAIL) if it may; `nil` for what the
  /// argument parser reports itself.
  private static func exitStatus(of error: any Error) -> Int32? {
    switch error {
    case is SettingsError, is SettingsProblems, TelegramError.unauthorized,
      Poller.Stop.unauthorized, TelegramError.notFound, Poller.Stop.notFound,
      is LedgerDatabase.FromNewerVersion, StandbyError.strangeDatabase,
      StandbyError.bucketIsOlder:
      78
    case is InstanceLock.Taken, Poller.Stop.conflictPersists, BackupError.underWay,
      BackupError.inUse, is StandbyError, is HeldLease.Lost, is StandsBy, is NobodyStandsBy:
      75
    case is LedgerError, is LedgerDatabase.OpeningFailed, is DatabaseError, is InstanceLock.NotMade,
      is InstanceLock.HeldByOlderVersion,
      is TelegramError, is PriceListError, is UnknownPerson, is BackupError, is BucketError,
      is ReplicationError:
      1
    default: nil
    }
  }

  private static func lines(for error: any Error) -> String {
    let errors: [any Error] = (error as? SettingsProblems)?.problems ?? [error]
    return errors.map { "aidevbot: \(sentence(for: $0))\n" }.joined()
  }

  private static func sentence(for error: any Error) -> String {
    switch error {
    case TelegramError.unauthorized, Poller.Stop.unauthorized:
      "Telegram rejects TELEGRAM_BOT_TOKEN; ask @BotFather for the current token"
        + (Installation.current.credential("TELEGRAM_BOT_TOKEN").map { " and put it into \($0)" }
          ?? "") + "."
    case TelegramError.notFound, Poller.Stop.notFound:
      """
      No bot of that token is known at the address in TELEGRAM_API_BASE_URL: see that it has \
      neither /bot nor the token at its end, then ask @BotFather for the current \
      TELEGRAM_BOT_TOKEN.
      """
    case Poller.Stop.conflictPersists:
      "Another program polls Telegram with the same token; stop it, or give this bot its own token."
    case let error as SettingsError:
      "\(error)"
        + (error.secret.flatMap(Installation.current.credential).map { " (its file: \($0))" } ?? "")
    case let error as StandbyError: "\(error)."
    case let error as BucketError: "\(error)."
    case let error as LedgerError: error.sentence
    case let error as BackupError: error.sentence
    case let error as DatabaseError: String(describing: DatabaseFailure(error))
    default: String(describing: error)
    }
  }
}

struct ConfigOption: ParsableArguments {
  @Option(
    help: ArgumentHelp("The configuration file (YAML).", valueName: "path"),
    completion: .file(extensions: ["yaml", "yml"]))
  var config: String?
}

struct JSONOption: ParsableArguments {
  @Flag(help: "Print JSON instead of text.")
  var json = false
}
