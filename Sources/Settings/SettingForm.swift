import Assistant
import Foundation
import LanguageModels
import Ledger
import Logging
import Messaging
import Metering
import Replication
import TelegramBotAPI

/// How what is written becomes a value.
package struct SettingForm<Value: Sendable>: Sendable {
  typealias Read = @Sendable (_ texts: [String], SettingsKey) throws(SettingsError) -> Value

  let isList: Bool
  /// Of one text, unless it is a list.
  let read: Read

  init(isList: Bool = false, read: @escaping Read) {
    self.isList = isList
    self.read = read
  }

  /// - Parameters:
  ///   - expected: What a text must be for which `parse` has no value.
  init(
    _ expected: @escaping @Sendable (SettingsKey) -> String,
    parse: @escaping @Sendable (String) -> Value?
  ) {
    self.init { texts, key throws(SettingsError) in
      guard let value = parse(texts.joined()) else {
        throw SettingsError(key, "must be \(expected(key))")
      }
      return value
    }
  }

  /// The same for a setting that may be missing.
  static func optional<Wrapped>(_ form: SettingForm<Wrapped>) -> Self where Value == Wrapped? {
    Self(isList: form.isList) { texts, key throws(SettingsError) in try form.read(texts, key) }
  }
}

extension SettingForm<Bool> {
  static var flag: Self {
    Self({ _ in "true or false" }) { Bool($0.lowercased()) }
  }
}

extension SettingForm<Logger.Level> {
  static var logLevel: Self {
    Self({ _ in "one of \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))" }) {
      Logger.Level(rawValue: $0.lowercased())
    }
  }
}

extension SettingForm<AnswerStreaming> {
  static var streaming: Self {
    Self({ _ in "one of \(AnswerStreaming.allCases.map(\.rawValue).joined(separator: ", "))" }) {
      AnswerStreaming(rawValue: $0)
    }
  }
}

extension SettingForm<RichMessages> {
  static var richMessages: Self {
    Self({ _ in "one of \(RichMessages.allCases.map(\.rawValue).joined(separator: ", "))" }) {
      RichMessages(rawValue: $0)
    }
  }
}

extension SettingForm<RepairTerms> {
  static var repairTerms: Self {
    Self({ _ in "one of \(RepairTerms.allCases.map(\.rawValue).joined(separator: ", "))" }) {
      RepairTerms(rawValue: $0)
    }
  }
}

extension SettingForm<[ModelID]> {
  /// Each is a button, of which a person reads no more.
  private static let maximumModels = 8

  static var models: Self {
    Self(isList: true) { texts, key throws(SettingsError) in
      var models: [ModelID] = []
      for text in texts.isEmpty ? [""] : texts {
        guard let model = ModelID(parsing: text), model.provider != .demo else {
          throw SettingsError(key, "must be \(Provider.modelForms), such as \(key.example)")
        }
        guard !models.contains(model) else {
          throw SettingsError(key, "names \(model) twice")
        }
        models.append(model)
      }
      guard models.count <= maximumModels else {
        throw SettingsError(key, "lists more than \(maximumModels) models")
      }
      return models
    }
  }
}

// MARK: - Numbers

extension SettingForm<Credits> {
  static var credits: Self {
    Self({ "a number of \($0.unit), zero or more, such as 100" }) { text in
      (try? Credits(parsing: text)).flatMap { $0 >= .zero ? $0 : nil }
    }
  }
}

extension SettingForm<Int?> {
  /// `nil` for no limit.
  static var dailyLimit: Self {
    Self({ "a whole number of \($0.unit), such as \($0.example), or 0 for no limit" }) { text in
      Int(text).flatMap { 0...1_000_000 ~= $0 ? .some($0 == 0 ? nil : $0) : nil }
    }
  }
}

extension SettingForm<BalanceNotices.Share?> {
  /// `nil` for none. The whole of a balance is what is never passed.
  static var share: Self {
    Self({ "a part of a balance above zero and below 1, such as \($0.example), or 0 for none" }) {
      text in
      // Credits have the six decimals that are wanted here.
      guard let millionths = try? Credits(parsing: text).micro, 0..<1_000_000 ~= millionths else {
        return nil
      }
      return .some(millionths == 0 ? nil : BalanceNotices.Share(millionths: millionths))
    }
  }
}

extension SettingForm<Int> {
  /// Of a lease, in seconds: below the first, one slow answer of the bucket would move it.
  static var ttl: Self {
    Self({ "a whole number of \($0.unit), 5 to 600" }) { text in
      Int(text).flatMap { 5...600 ~= $0 ? $0 : nil }
    }
  }
}

extension SettingForm<BucketAddress> {
  static var bucket: Self {
    Self { texts, key throws(SettingsError) in
      do throws(BucketAddress.Malformed) {
        return try BucketAddress(parsing: texts.joined())
      } catch {
        throw SettingsError(key, "\(error)")
      }
    }
  }
}

extension SettingForm<USD> {
  static var dollars: Self {
    Self({ "a number of \($0.unit), such as \($0.example)" }) { text in
      guard let usd = try? USD(parsing: text), usd > .zero, let most = try? USD(parsing: "1000")
      else { return nil }
      return usd <= most ? usd : nil
    }
  }
}

extension SettingForm<Double> {
  /// Longer intervals between messages would not fit a `Duration` in the end.
  static var rate: Self {
    Self({ "a number of \($0.unit), such as \($0.example), or 0 for no limit" }) { text in
      Double(text).flatMap { $0 == 0 || 0.001...10_000 ~= $0 ? $0 : nil }
    }
  }
}

extension SettingForm<[Int64]> {
  static var userIDs: Self {
    Self({ "Telegram user ids with commas between them, such as \($0.example)" }) { text in
      let parts = text.split(separator: ",")
      let ids = parts.compactMap { Int64($0.trimmingCharacters(in: .whitespaces)) }
      return ids.count == parts.count && ids.allSatisfy { $0 > 0 } ? ids : nil
    }
  }
}

// MARK: - Texts

extension SettingForm<String> {
  static var path: Self {
    Self { texts, _ in texts.joined() }
  }

  /// As `BillingTerms` takes it.
  static var billingDecimal: Self {
    Self({ "a decimal above zero with at most nine places, such as \($0.example)" }) { text in
      (try? BillingTerms(creditValueUSD: text, markup: "1")) == nil ? nil : text
    }
  }

  static var botToken: Self {
    Self({ "a token as @BotFather gives it, such as \($0.example)" }) { text in
      text.wholeMatch(of: /[0-9]+:[A-Za-z0-9_-]+/) == nil ? nil : text
    }
  }

  /// Without slashes at its end.
  ///
  /// - Parameter ownPath: What requests put behind it anyway.
  static func baseURL(ownPath: String? = nil) -> Self {
    let address = address
    let endings = methodEndings + [ownPath].compactMap(\.self)
    return Self { texts, key throws(SettingsError) in
      let text = try address.read(texts, key)
      if let ending = endings.first(where: text.lowercased().hasSuffix) {
        throw SettingsError(
          key,
          "must end before \(ending), which requests add by themselves; it looks like "
            + "\(key.example)")
      }
      return text
    }
  }

  /// What a method's address ends in, which manuals show in place of the one that all have.
  private static let methodEndings = [
    "/chat/completions", "/completions", "/v1/messages", "/responses", "/embeddings", "/api/chat",
    "/api/generate", "/models", ":generatecontent", ":streamgeneratecontent",
  ]

  private static var address: Self {
    Self({ "an address such as \($0.example)" }) { text in
      var text = text
      while text.last == "/" { text.removeLast() }
      // It goes into requests as it is, so nothing may be mended here.
      guard let url = URL(string: text, encodingInvalidCharacters: false),
        url.scheme == "https" || url.scheme == "http", url.host?.isEmpty == false,
        url.query == nil, url.fragment == nil
      else { return nil }
      return text
    }
  }

  /// What one message can hold.
  static var message: Self {
    Self { texts, key throws(SettingsError) in
      let text = texts.joined()
      guard text.utf16.count <= TelegramLimits.messageText else {
        throw SettingsError(
          key, "is longer than a message: \(TelegramLimits.messageText) characters at most")
      }
      return text
    }
  }
}

extension SettingForm<[String]> {
  private static var quotationMarks: [UInt8] { Array("\"'`".utf8) }

  /// A provider's keys: they stand in a header, as they are.
  static var keys: Self {
    Self({ _ in "one key, or several with commas between them" }) { text in
      let keys = text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
      let areSound = keys.joined().utf8.allSatisfy {
        (0x21...0x7E).contains($0) && !quotationMarks.contains($0)
      }
      return keys.isEmpty || !areSound ? nil : keys
    }
  }
}
