import Foundation
@testable import Ledger

/// A list of prices as it stands beside the tests, read by no code of the product. Numbers keep
/// their digits: `Decimal` is decoded from the text.
indirect enum StoredValue: Decodable {
  case decimal(Decimal)
  case text(String)
  case list([StoredValue])
  case object([String: StoredValue])
  case other

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let text = try? container.decode(String.self) {
      self = .text(text)
    } else if let decimal = try? container.decode(Decimal.self) {
      self = .decimal(decimal)
    } else if let list = try? container.decode([StoredValue].self) {
      self = .list(list)
    } else if let object = try? container.decode([String: StoredValue].self) {
      self = .object(object)
    } else {
      self = .other
    }
  }

  subscript(name: String) -> StoredValue? {
    if case .object(let members) = self { members[name] } else { nil }
  }

  var list: [StoredValue] {
    if case .list(let list) = self { list } else { [] }
  }

  var text: String? {
    if case .text(let text) = self { text } else { nil }
  }

  /// Of a number, or of text that is one.
  var decimal: Decimal? {
    switch self {
    case .decimal(let decimal): decimal
    case .text(let text): Decimal(string: text, locale: Locale(identifier: "en_US_POSIX"))
    default: nil
    }
  }

  var integer: Int? { decimal.map { NSDecimalNumber(decimal: $0).intValue } }

  static func data(_ name: String) throws -> Data {
    let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    return try Data(contentsOf: tests.appending(path: "Fixtures/\(name)"))
  }

  static func read(_ name: String) throws -> StoredValue {
    try JSONDecoder().decode(StoredValue.self, from: try data(name))
  }
}

/// A call that is priced: tokens, images, and when.
struct PricedCall: Sendable {
  var input: Int
  var cached = 0
  var written = 0
  var output: Int
  var thinking = 0
  var images = 0
  /// From 1 for Monday.
  var day = 1
  /// HHMM, in UTC.
  var clock = 1200

  /// Monday, the second of November 2026, and the days after it.
  var date: Date {
    let monday = 1_793_577_600
    let minutes = (day - 1) * 1_440 + clock / 100 * 60 + clock % 100
    return Date(timeIntervalSince1970: Double(monday + minutes * 60))
  }

  private static let shapes = [
    PricedCall(input: 1, output: 0), PricedCall(input: 0, output: 1),
    PricedCall(input: 1_000, output: 500),
    PricedCall(input: 31_999, cached: 9_999, written: 777, output: 4_321, thinking: 321),
    PricedCall(input: 32_000, output: 1), PricedCall(input: 32_001, cached: 1, output: 1),
    PricedCall(input: 100_001, cached: 50_000, written: 50_001, output: 8_192, thinking: 8_192),
    PricedCall(input: 128_000, output: 17),
    PricedCall(input: 128_001, cached: 127_001, written: 500, output: 17, thinking: 5),
    PricedCall(input: 200_000, cached: 1_024, output: 16_384, thinking: 10_000, images: 1),
    PricedCall(input: 200_001, cached: 1_024, written: 3, output: 16_384, thinking: 10_000),
    PricedCall(input: 256_001, cached: 3, written: 7, output: 11),
    PricedCall(input: 272_000, output: 65_536, thinking: 1),
    PricedCall(input: 272_001, cached: 272_001, output: 65_536, images: 3),
    PricedCall(input: 999_999, cached: 333_333, written: 333_333, output: 65_536, thinking: 7),
  ]
  private static let moments = [
    (1, 0), (1, 30), (2, 59), (2, 100), (3, 359), (3, 400), (4, 559), (4, 600), (5, 959),
    (5, 1000), (1, 1559), (1, 1600), (7, 2359), (6, 0), (6, 200), (7, 700), (5, 2359),
  ]

  /// Each shape at each moment.
  static let all = shapes.flatMap { shape in
    moments.map { day, clock in
      var call = shape
      (call.day, call.clock) = (day, clock)
      return call
    }
  }

  /// The sum in US dollars, by hand.
  func cost(
    input inputPrice: Decimal, output outputPrice: Decimal, cached cachedPrice: Decimal?,
    written writtenPrice: Decimal?, thinking thinkingPrice: Decimal?, image imagePrice: Decimal?
  ) -> Decimal {
    Decimal(input - cached - written) * inputPrice + Decimal(cached) * (cachedPrice ?? inputPrice)
      + Decimal(written) * (writtenPrice ?? inputPrice) + Decimal(output - thinking) * outputPrice
      + Decimal(thinking) * (thinkingPrice ?? outputPrice) + Decimal(images) * (imagePrice ?? 0)
  }
}

extension Decimal {
  /// Rounded half up.
  var nanoDollars: NanoDollars {
    var (exact, rounded) = (self * 1_000_000_000, Decimal())
    NSDecimalRound(&rounded, &exact, 0, .plain)
    return NanoDollars(NSDecimalNumber(decimal: rounded).int64Value)
  }

  /// What a list means where it gives zero, or nothing.
  var unlessZero: Decimal? { self == 0 ? nil : self }
}
