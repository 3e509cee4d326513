import Commands
import Dispatch
import Foundation
import Glibc
import LanguageModels
import Ledger
import Logging
import Messaging
import Sales
import Settings
import Synchronization

/// The configuration file, read as `aidevbot run` reads it.
enum ConfigurationTarget {
  static func run(_ input: [UInt8]) {
    for complaint in complaints(about: Data(input)) {
      demand(
        sentences.contains(complaint) || sentences.contains(withoutPlace(complaint)),
        "perhaps an echo of the file: \(complaint)")
    }
  }

  /// All that is said of files in which there is nothing to echo.
  private static let sentences: Set<String> = {
    var files = [Data(), Data("[".utf8), Data([0xFF])]
    for key in DeclaredSettings.keys {
      files += [
        "'? ?'", "[]", "['? ?']", "'\(longName): 1 for 1'", "['\(longName): 1 for 1']",
        "['A: 1 for 1', 'A: 1 for 1']",
        "{a: 1}", "[[1]]", "\"'?'\"", "http://a/chat/completions", "http://a/v1beta",
        "openai-compatible/m", longText,
      ]
      .map { Data("\(key.section):\n  \(key.nameInSection): \($0)\n".utf8) }
      files += ["\(key.section): 1", "\(key.section): {a: 1, a: 1}", "\(key.section): {}\n".twice]
        .map { Data($0.utf8) }
      files.append(Data("\(key.section):\n\("  \(key.nameInSection): 1\n".twice)".utf8))
    }
    // A model of one provider, and the key of another.
    files.append(
      Data("models: {chat: google/m}\nopenrouter: {api_key: sk-or-v1-\(longName)}".utf8))
    return Set(files.flatMap(complaints).map(withoutPlace))
  }()

  private static let longName = String(repeating: "x", count: 40)
  /// More than a message can hold.
  private static let longText = String(repeating: "x", count: 4_097)

  /// The line of a flaw is told, the number of a package, and the name of a model.
  private static func withoutPlace(_ complaint: String) -> String {
    complaint.replacing(/; look at line \d+ and those (before it|below it)/, with: "")
      .replacing(/must end before [^ ]+,/, with: "")
      .replacing(/; number \d+ is not/, with: "")
      .replacing(/[A-Z_]+ is not set, but MODELS_[A-Z]+ (is|names) [^ ;]+;/, with: "")
  }

  private static let file = FileManager.default.temporaryDirectory.appending(path: "fuzz.yaml").path

  private static func complaints(about content: Data) -> [String] {
    // Foundation's own would wait for the disk.
    guard let stream = fopen(file, "w") else { fatalError("no file") }
    content.withUnsafeBytes { bytes in
      demand(fwrite(bytes.baseAddress, 1, bytes.count, stream) == bytes.count, "no file")
    }
    fclose(stream)
    return result { await complaints() }
  }

  private static func complaints() async -> [String] {
    var complaints: [String] = []
    func listen(_ body: () async throws -> Void) async {
      do {
        try await body()
      } catch let error as SettingsError {
        complaints.append("\(error)")
      } catch {
        fatalError("not for the operator: \(error)")
      }
    }
    await listen {
      let settings = try await Settings(file: file)
      for setting in DeclaredSettings.all {
        await listen { try setting.check(in: settings.source) }
      }
      for read in readings { await listen { try read(settings) } }
    }
    return complaints
  }

  private static func result<Value: Sendable>(
    of body: @escaping @Sendable () async -> Value
  ) -> Value {
    let result = Mutex<Value?>(nil)
    let isDone = DispatchSemaphore(value: 0)
    Task.detached {
      let value = await body()
      result.withLock { $0 = value }
      isDone.signal()
    }
    isDone.wait()
    guard let value = result.withLock({ $0 }) else { fatalError("no result") }
    return value
  }
}

// MARK: - Settings

extension ConfigurationTarget {
  private static let readings: [@Sendable (Settings) throws -> Void] = [
    { demand(try !$0.databasePath().isEmpty, "a database nowhere") },
    { try checkHeader($0.telegramBotToken) },
    { try checkAddress($0.telegramAPIBaseURL) },
    { settings in
      for provider in Provider.all { try settings.baseURL(of: provider).map(checkAddress) }
    },
    { settings in
      for provider in Provider.all { try settings.keys(of: provider).forEach(checkHeader) }
    },
    { for cost in MoneyTarget.costs { MoneyTarget.checkCharge(for: cost, try $0.billingTerms()) } },
    { settings in
      let bot = try settings.bot()
      demand(bot.initialGrant >= .zero, "a grant of \(bot.initialGrant)")
      demand(bot.administrators.allSatisfy { $0 > 0 }, "administrators \(bot.administrators)")
      let rates = [bot.sendRates.perSecond, bot.sendRates.perChatPerSecond]
      demand(rates.allSatisfy { 0...10_000 ~= $0 }, "rates \(rates)")
      try settings.checkProviders(of: bot.models)
      checkStore(bot.store, bot.terms)
    },
  ]

  /// Each package can be offered, ordered and reckoned with.
  private static func checkStore(_ store: Store, _ terms: BillingTerms) {
    let names = store.sold.map(\.name)
    demand(Set(names).count == names.count, "packages of one name")
    for package in store.sold {
      let data = "buy:\(package.name)"
      demand(1...64 ~= data.utf8.count && 1...32 ~= package.name.utf16.count, "a name too long")
      demand(package.price >= 1 && package.credits > .zero && package.bonus >= .zero, "\(package)")
      // Absurd terms are refused, and nothing traps.
      _ = try? package.marginPerMille(usdPerStar: store.usdPerStar, terms: terms)
    }
  }

  /// It stands in a request's line or header, where a blank or a line end begins another thing.
  private static func checkHeader(_ text: String) {
    demand(
      !text.isEmpty && text.utf8.allSatisfy { 0x21...0x7E ~= $0 }, "\(text.debugDescription)")
  }

  private static func checkAddress(_ text: String) {
    demand(
      text.hasPrefix("http") && !text.hasSuffix("/")
        && !text.unicodeScalars.contains { $0.properties.isWhitespace || $0.value < 0x20 },
      "\(text.debugDescription) is no address")
  }
}

extension String {
  fileprivate var twice: String { self + self }
}
