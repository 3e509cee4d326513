import Ledger
import Sales
import TelegramBotAPI

extension SettingForm<[CreditPackage]> {
  /// More buttons than a person reads.
  private static let maximumPackages = 10

  /// `none` alone sells nothing.
  static var packages: Self {
    Self(isList: true) { texts, key throws(SettingsError) in
      guard texts != ["none"] else { return [] }
      guard texts.count <= maximumPackages else {
        throw SettingsError(key, "lists more than \(maximumPackages) packages")
      }
      var packages: [CreditPackage] = []
      for (index, text) in texts.enumerated() {
        packages.append(try CreditPackage(text, key, number: index + 1))
      }
      return packages
    }
  }
}

extension SettingForm<CreditPackage> {
  static var monthlyPackage: Self {
    Self { texts, key throws(SettingsError) in
      try CreditPackage(texts.joined(), key, isMonthly: true)
    }
  }
}

extension CreditPackage {
  /// In UTF-16 units, as the title of an invoice may have.
  private static let maximumNameLength = 32
  /// In bytes: the name goes into the data of a button.
  private static let maximumNameBytes = 56
  private static let maximumCredits = Credits(micro: 10_000_000_000_000)

  fileprivate init(
    _ text: String, _ key: SettingsKey, isMonthly: Bool = false, number: Int? = nil
  ) throws(SettingsError) {
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
        "must be like \"Builder: 1000 + 50 for 850\": a name, credits, perhaps + a bonus, and a "
          + "price of 1 to \(dearest) Stars" + (number.map { "; number \($0) is not" } ?? ""))
    }
    let name = String(match.1)
    guard name.utf16.count <= Self.maximumNameLength, name.utf8.count <= Self.maximumNameBytes
    else {
      throw SettingsError(
        key, "has a name that is too long: \(Self.maximumNameLength) letters at most")
    }
    self.init(name: name, credits: credits, bonus: bonus, price: price, isMonthly: isMonthly)
  }
}
