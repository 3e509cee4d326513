import Foundation
import Ledger
import TelegramBotAPI
package import Sales
package import Commands

/// What is for sale, and what is given away.
extension Settings {
  /// Where nothing is configured. Each price covers its credits at 0.013 USD for a Star and 0.01
  /// USD for a credit; with a markup of 1.5, a third of the revenue and more is left.
  package static let defaultPackages = [
    "Starter: 250 for 200", "Builder: 1000 + 50 for 850", "Studio: 2500 + 250 for 2200",
  ]

  package func store() throws -> Store {
    let packages = try packages()
    let subscription = try source.text(.starsSubscription).map { text in
      try package(text, isMonthly: true, .starsSubscription)
    }
    let names = packages.map(\.name) + [subscription?.name].compactMap { $0 }
    guard Set(names).count == names.count else {
      throw SettingsError(.starsPackages, "must give each package a name of its own")
    }
    return Store(
      packages: packages, subscription: subscription, usdPerStar: try usdPerStar())
  }

  package func promotions() throws -> BotSettings.Promotions {
    BotSettings.Promotions(
      codesAreTaken: try flag(.promotionsCodes),
      referralCredits: try credits(.promotionsReferralCredits, default: "0"))
  }

  /// The operator's own words, as one message can hold them.
  package func text(_ key: SettingsKey) throws -> String? {
    guard let text = try source.text(key) else { return nil }
    guard text.utf16.count <= TelegramLimits.messageText else {
      throw SettingsError(
        key, "is longer than a message: \(TelegramLimits.messageText) characters at most")
    }
    return text
  }

  private func packages() throws -> [CreditPackage] {
    let texts = try source.texts(.starsPackages) ?? Self.defaultPackages
    guard texts != ["none"] else { return [] }
    guard texts.count <= Self.maximumPackages else {
      throw SettingsError(.starsPackages, "lists more than \(Self.maximumPackages) packages")
    }
    return try texts.enumerated().map { index, text in
      try package(text, isMonthly: false, .starsPackages, number: index + 1)
    }
  }

  /// More buttons than a person reads.
  private static let maximumPackages = 10
  /// In UTF-16 units, as the title of an invoice may have.
  private static let maximumNameLength = 32
  /// In bytes: the name goes into the data of a button.
  private static let maximumNameBytes = 56
  private static let maximumCredits = Credits(micro: 10_000_000_000_000)

  private func package(
    _ text: String, isMonthly: Bool, _ key: SettingsKey, number: Int? = nil
  ) throws -> CreditPackage {
    let form = /([^\n]+): +([0-9.]+)(?: *\+ *([0-9.]+))? +for +([0-9]+)/
    let dearest = isMonthly ? TelegramLimits.subscriptionStars : 100_000
    guard let match = text.wholeMatch(of: form),
      let credits = try? Credits(parsing: String(match.2)), credits > .zero,
      credits <= Self.maximumCredits,
      let bonus = try? match.3.map({ try Credits(parsing: String($0)) }) ?? .zero,
      bonus <= Self.maximumCredits,
      let price = Int64(match.4), 1...dearest ~= price
    else {
      throw SettingsError(
        key,
        "must be like \"\(Self.defaultPackages[1])\": a name, credits, perhaps + a bonus, and a "
          + "price of 1 to \(dearest) Stars" + (number.map { "; number \($0) is not" } ?? ""))
    }
    let name = String(match.1)
    guard name.utf16.count <= Self.maximumNameLength, name.utf8.count <= Self.maximumNameBytes
    else {
      throw SettingsError(
        key, "has a name that is too long: \(Self.maximumNameLength) letters at most")
    }
    return CreditPackage(
      name: name, credits: credits, bonus: bonus, price: price, isMonthly: isMonthly)
  }

  private func usdPerStar() throws -> USD {
    let text = try source.text(.starsUSDPerStar) ?? "0.013"
    guard let usd = try? USD(parsing: text), usd > .zero, let most = try? USD(parsing: "1000"),
      usd <= most
    else {
      throw SettingsError(.starsUSDPerStar, "must be a number of US dollars, such as 0.013")
    }
    return usd
  }
}
