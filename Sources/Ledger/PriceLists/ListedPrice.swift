import Foundation

/// Why a listed price cannot be taken over.
struct ListedPriceFlaw: Error {
  var reason: String
}

/// A value of a price list. Numbers keep the digits of the text: `Decimal` is decoded from them, 38
/// at most, without a `Double` between.
indirect enum ListedValue: Decodable {
  case number(Decimal)
  case text(String)
  case list([ListedValue])
  case object([String: ListedValue])
  case nothing
  /// A truth value, a number that is beyond all reason, or what is nested too deeply.
  case other

  /// Lists go down seven levels; the decoder takes seconds for some hundreds.
  private static let maximumDepth = 16

  init(from decoder: any Decoder) throws {
    guard decoder.codingPath.count <= Self.maximumDepth else {
      self = .other
      return
    }
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .nothing
    } else if let text = try? container.decode(String.self) {
      self = .text(text)
    } else if let number = try? container.decode(Decimal.self) {
      self = .number(number)
    } else if let list = try? container.decode([ListedValue].self) {
      self = .list(list)
    } else if let object = try? container.decode([String: ListedValue].self) {
      self = .object(object)
    } else {
      self = .other
    }
  }

  subscript(name: String) -> ListedValue {
    guard case .object(let members) = self else { return .nothing }
    return members[name] ?? .nothing
  }

  var text: String? {
    if case .text(let text) = self { text } else { nil }
  }

  var elements: [ListedValue]? {
    if case .list(let elements) = self { elements } else { nil }
  }

  var members: [String: ListedValue] {
    if case .object(let members) = self { members } else { [:] }
  }

  /// A whole number of a sensible size, zero or more.
  var count: Int? {
    guard case .number(let number) = self, number >= 0, number <= 1_000_000_000_000 else {
      return nil
    }
    return Int(number.description)
  }

  var isNothing: Bool {
    if case .nothing = self { true } else { false }
  }

  /// `2026-12-01`, of a day or of a moment.
  var day: String? {
    guard let text, let match = text.prefixMatch(of: /[0-9]{4}-[0-9]{2}-[0-9]{2}/) else {
      return nil
    }
    return String(match.output)
  }
}

/// Prices under their names, as a list gives them: US dollars per token, or per image.
struct ListedPrices {
  let values: [String: ListedValue]
  /// Whether a price of zero is one.
  let allowFree: Bool

  /// 10,000 USD per million tokens: the dearest price that is known is 600.
  private static let maximumPerToken = USD(units: 10_000_000_000_000_000_000_000)

  /// The price per million tokens, exactly; `nil` if there is none.
  ///
  /// - Parameter zero: What a price of zero means, unless the operator wants it.
  func price(
    _ name: String, zero: (String) throws(ListedPriceFlaw) -> String? = isRefused
  ) throws(ListedPriceFlaw) -> String? {
    guard let amount = try amount(name) else { return nil }
    guard amount <= Self.maximumPerToken else {
      throw ListedPriceFlaw(reason: "\(name) is above 10000 USD per million tokens")
    }
    if amount == .zero, !allowFree { return try zero(name) }
    return DecimalText.format(amount.units * 1_000_000, decimals: USD.decimals)
  }

  func required(_ name: String) throws(ListedPriceFlaw) -> String {
    guard let price = try price(name) else { throw ListedPriceFlaw(reason: "\(name) is missing") }
    return price
  }

  /// The price in US dollars per image.
  ///
  /// - Parameter least: What is cheaper is none.
  func imagePrice(
    _ name: String, least: USD = USD(units: 1)
  ) throws(ListedPriceFlaw) -> String? {
    guard let amount = try amount(name), amount >= least else { return nil }
    guard amount.units <= Self.maximumPerToken.units * 1_000_000 else {
      throw ListedPriceFlaw(reason: "\(name) is above 10000 USD")
    }
    return amount.description
  }

  /// - Throws: If a fee is listed that is no price of tokens: leaving it out would make the
  ///   model cheaper than it is.
  func refuseFee(_ name: String) throws(ListedPriceFlaw) {
    guard let fee = try amount(name), fee > .zero else { return }
    throw ListedPriceFlaw(reason: "it has a fee (\(name)) that this price list cannot hold")
  }

  private func amount(_ name: String) throws(ListedPriceFlaw) -> USD? {
    let digits: String
    switch values[name] ?? .nothing {
    case .nothing: return nil
    case .number(let number): digits = number.description
    case .text(let text): digits = text
    default: throw ListedPriceFlaw(reason: "\(name) is no number")
    }
    let amount: USD
    do {
      amount = try USD(parsing: digits)
    } catch .amountTooLarge {
      throw ListedPriceFlaw(reason: "\(name) is too large to be real")
    } catch {
      throw ListedPriceFlaw(
        reason: "\(name) is no decimal number of at most \(USD.decimals) places")
    }
    guard amount >= .zero else { throw ListedPriceFlaw(reason: "\(name) is negative") }
    return amount
  }

  /// For prices without which a model cannot be sold.
  static func isRefused(_ name: String) throws(ListedPriceFlaw) -> String? {
    throw ListedPriceFlaw(reason: "\(name) is zero; --allow-free takes it")
  }

  /// For prices that have another one in their stead, which is never cheaper.
  static func isNone(_: String) -> String? { nil }
}
