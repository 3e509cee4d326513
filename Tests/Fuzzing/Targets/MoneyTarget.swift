import Foundation
import Ledger

/// Amounts as people, providers and the configuration write them: one a line.
enum MoneyTarget {
  static func run(_ input: [UInt8]) {
    let lines = String(decoding: input, as: UTF8.self)
      .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    for line in lines.prefix(4) { check(line) }
    if let terms = try? BillingTerms(creditValueUSD: lines[0], markup: lines.last ?? "") {
      for cost in costs { checkCharge(for: cost, terms) }
    }
    check(Credits(micro: input.prefix(8).reduce(0) { $0 << 8 | Int64($1) }))
  }

  private static func check(_ text: String) {
    if let amount = try? USD(parsing: text) {
      demand((try? USD(parsing: "\(amount)")) == amount, "\(text) became \(amount)")
      checkAgainstFoundation(text, amount)
      if amount >= .zero { checkCharges(for: amount) }
    }
    if let cost = try? USD(reported: text) {
      checkCharges(for: cost)
      let exact = try? USD(parsing: text)
      demand(exact.map { $0 == cost } ?? true, "\(text) was rounded to \(cost)")
    }
    if let credits = try? Credits(parsing: text) { check(credits) }
  }

  /// Two parsers that know nothing of each other.
  private static func checkAgainstFoundation(_ text: String, _ amount: USD) {
    // `Decimal` has 38 digits.
    guard text.utf8.count <= 38, let decimal = Decimal(string: text),
      let ours = Decimal(string: "\(amount)"), "\(amount)".utf8.count <= 38
    else { return }
    demand(decimal == ours, "\(text) is \(decimal), not \(amount)")
  }

  private static func check(_ credits: Credits) {
    demand((try? Credits(parsing: "\(credits)")) == credits, "\(credits) is read otherwise")
    demand(micro(credits.text) == Int128(credits.micro), "the amount \(credits)")
    let movement = credits.movementText
    demand(
      micro(String(movement.dropFirst())) == Int128(credits.micro.magnitude)
        && movement.hasPrefix(credits < .zero ? "−" : "+"), "the movement \(credits)")
  }

  private static func micro(_ text: String) -> Int128 {
    guard let micro = try? DecimalText.parse(text, decimals: 6) else { fatalError(text) }
    return micro
  }
}

// MARK: - Charges

extension MoneyTarget {
  static let costs = ["0", "1e-24", "0.00155", "1", "9999.999999999", "10000"]
    .compactMap { try? USD(parsing: $0) }

  private static let allTerms = [
    ("0.01", "1.5"), ("0.000000001", "1000000"), ("1000000", "0.000000001"),
  ].compactMap { try? BillingTerms(creditValueUSD: $0, markup: $1) }

  static func checkCharges(for cost: USD) {
    _ = try? cost.nanoDollars()
    for terms in allTerms { checkCharge(for: cost, terms) }
  }

  /// The least number of micro-credits that are worth no less than the cost times the markup.
  static func checkCharge(for cost: USD, _ terms: BillingTerms) {
    guard let charge = try? terms.charge(for: cost) else { return }
    func nano(_ text: String) -> UInt128 {
      (try? DecimalText.parse(text, decimals: 9)).map(UInt128.init) ?? 0
    }
    // In 10⁻³³ USD, of which 128 bits cannot hold enough.
    let owed = UInt128(cost.units).multipliedFullWidth(by: nano(terms.markup))
    let unit = nano(terms.creditValueUSD) * 1_000_000_000_000_000_000
    let worth = UInt128(charge.micro).multipliedFullWidth(by: unit)
    demand((worth.high, worth.low) >= (owed.high, owed.low), "\(cost) charges \(charge)")
    guard charge > .zero else { return }
    let less = UInt128(charge.micro - 1).multipliedFullWidth(by: unit)
    demand((less.high, less.low) < (owed.high, owed.low), "\(cost) charges \(charge)")
  }
}
