import Foundation
import HTTPTransport
import Installation
import LanguageModels
import Replication
import Sales
import Settings
import TelegramBotAPI

/// Looks at everything that the bot needs, and changes nothing.
struct Doctor {
  let composition: Composition
  var installation = Installation.current

  /// For each thing that is asked of others.
  static let deadline = Duration.seconds(10)

  var settings: Settings { composition.settings }

  /// What can be said without a network.
  func localChecks() -> [Check] {
    // Before the database is opened, which makes files of its own beside it for that time.
    let permissions = permissionChecks()
    let doctor = Doctor(composition: composition.choosingModels())
    return [Check("version", .ok, "\(Version.current)")] + doctor.settingsChecks()
      + doctor.databaseChecks() + [diskCheck()] + permissions + [unitCheck()] + backupChecks()
      + replicationChecks()
  }

  func allChecks() async -> [Check] {
    await telegramChecks() + providerChecks() + localChecks() + replicaChecks()
      + standbyChecks() + workshopChecks()
  }

  func settingsChecks() -> [Check] {
    let file = settings.source.file
    let problems = settings.problems()
    var checks: [Check] = []
    let command = installation.commandInUnit(Array(CommandLine.arguments.dropFirst()))
    if let command {
      checks.append(
        Check(
          "unit", .warning, "this shell has neither its secrets nor its database", next: command))
    }
    checks += problems.map { problem in
      let next = problem.next(installation, file: file, command: command)
      return Check("settings", .failed, "\(problem)", next: next)
    }
    if problems.isEmpty {
      checks.append(Check("settings", .ok, "complete, from \(settings.source.places)"))
    }
    if let leftOut = settings.source.leftOutFile {
      checks.append(
        Check(
          "settings", .note,
          "\(leftOut) in the current folder is left out; --config names it if it is meant"))
    }
    if (try? settings.telegramAdminUserIDs) == [], (try? settings.store())?.sold.isEmpty == false {
      checks.append(
        Check(
          "support", .warning, "nobody reads what people write to /paysupport",
          next: "set TELEGRAM_ADMIN_USER_IDS"))
    }
    let source = settings.source
    let unknown = source.unknownKeys.map(\.sentence) + source.unknownVariables.map(\.sentence)
    return checks + salesChecks() + unknown.map { Check("settings", .warning, $0) }
  }
}

// MARK: - Others

extension Doctor {
  private func telegramChecks() async -> [Check] {
    guard let client = try? composition.telegram() else {
      return [Check("token", .failed, "cannot be tried before the settings are right")]
    }
    let bot: User
    let date: String?
    do throws(TelegramError) {
      (bot, date) = try await client.introduce(deadline: Self.deadline)
    } catch {
      let next =
        switch error {
        case .unauthorized:
          "ask @BotFather for the token"
            + (installation.credential("TELEGRAM_BOT_TOKEN").map { " and put it into \($0)" } ?? "")
        case .notFound: "see that TELEGRAM_API_BASE_URL has neither /bot nor the token at its end"
        default: "curl -sI \(baseURL)"
        }
      return [Check("token", .failed, "\(error)", next: next)]
    }
    return [
      Check("token", .ok, "@\(bot.username ?? "?"), id \(bot.id)"), await webhookCheck(client),
      clockCheck(date),
    ]
  }

  private var baseURL: String {
    (try? settings.telegramAPIBaseURL) ?? Settings.declared.telegramAPIBaseURL.key.example
  }

  /// Whether what is committed now reaches the replica: without it, the bot says nothing.
  private func replicaChecks() async -> [Check] {
    guard let litestream = try? composition.litestream() else { return [] }
    // One that stands by has nothing to replicate.
    if (try? settings.standbyBucket) != nil, let path = try? settings.databasePath(),
      !FileManager.default.fileExists(atPath: path)
    {
      return []
    }
    let begun = ContinuousClock.now
    do throws(ReplicationError) {
      try await litestream.sync(within: Self.deadline)
    } catch {
      return [
        Check(
          "replica", .failed, "\(error)", next: "journalctl -u aidevbot-litestream -n 20")
      ]
    }
    let milliseconds = Int(begun.duration(to: .now) / .milliseconds(1))
    return [Check("replica", .ok, "has all that is committed, after \(milliseconds) ms")]
  }

  private func webhookCheck(_ client: TelegramClient) async -> Check {
    do throws(TelegramError) {
      let webhook = try await client.getWebhookInfo(deadline: Self.deadline)
      let waiting = "updates waiting: \(webhook.pendingUpdateCount)"
      return webhook.url.isEmpty
        ? Check("webhook", .ok, "none, \(waiting)")
        : Check(
          "webhook", .warning, "another program has set one, \(waiting)",
          next: installation.isPackaged
            ? "sudo systemctl restart aidevbot, which removes it; find out who set it"
            : "aidevbot run, which removes it; find out who set it")
    } catch {
      return Check("webhook", .failed, "\(error)")
    }
  }

  /// In seconds. Beyond it, what depends on the time goes wrong: TLS first.
  private static let maximumDrift: TimeInterval = 30

  private func clockCheck(_ date: String?) -> Check {
    guard let date, let theirs = Date(http: date) else {
      return Check("clock", .note, "Telegram's answer does not say what time it is")
    }
    let drift = Int(Date().timeIntervalSince(theirs))
    guard abs(drift) > Int(Self.maximumDrift) else { return Check("clock", .ok, "as Telegram's") }
    return Check(
      "clock", .warning, "\(abs(drift)) s \(drift < 0 ? "behind" : "ahead of") Telegram's",
      next: "sudo timedatectl set-ntp true")
  }

  private func providerChecks() async -> [Check] {
    var checks: [Check] = []
    do {
      for provider in Provider.all {
        guard let model = try composition.model(of: provider, keysOf: settings) else { continue }
        checks += await model.checkKeys().map { check(provider, $0) }
      }
    } catch {
      checks.append(Check("providers", .failed, "cannot be tried before the settings are right"))
    }
    if checks.isEmpty { checks.append(Check("providers", .note, "no key is set")) }
    return checks
  }

  private func check(_ provider: Provider, _ check: KeyCheck) -> Check {
    let (name, settings) = (provider.section, Settings.declared.settings(of: provider))
    let key = check.keyIdentifier.map { "the key \($0)" }
    let failure: LanguageModelError
    switch check.outcome {
    case .accepted: return Check(name, .ok, key.map { "takes \($0)" } ?? "answers without a key")
    case .notOffered: return Check(name, .note, "cannot be checked: it has no list of its models")
    case .failed(let error): failure = error
    }
    let place = provider.keysPage.map { " at \($0)" } ?? ""
    let variable = settings.keys.key.environmentName
    let said = failure.report.text.map { " (\($0))" } ?? ""
    let (words, next): (String, String?) =
      switch failure.reason {
      case .keyRejected where key == nil:
        ("takes no call without a key", installation.setting(secret: variable))
      case .keyRejected:
        (
          "rejects \(key ?? "")",
          "make a new one\(place)"
            + (installation.isPackaged ? " and \(installation.setting(secret: variable))" : "")
        )
      case .providerOutOfFunds: ("has no money left for \(key ?? "calls")", "top up\(place)")
      case .spendLimitReached: ("has a spending limit that is reached", "raise it\(place)")
      case .accessDenied: ("denies \(key ?? "calls") the use\(said)", "see its rights\(place)")
      case .locationRefused: ("refuses calls from this machine\(said)", "run it elsewhere")
      case .notTheAPI:
        (
          "is not what answers, but a web page",
          "check the network and \(settings.baseURL.key.environmentName)"
        )
      case .timedOut, .unreachable, .connectionLost:
        ("cannot be reached", "check the network and \(settings.baseURL.key.environmentName)")
      default: ("fails: \(failure.reason)\(said)", nil)
      }
    return Check(name, .failed, words, next: next)
  }
}
