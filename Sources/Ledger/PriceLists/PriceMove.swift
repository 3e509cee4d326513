/// One price of a model that becomes another one. If a price is missing, the one that stands in
/// for it is meant: that of input for cached input, that without a condition for one on conditions.
package struct PriceMove: Sendable, Equatable {
  /// `input`, or `cached input, over 200000 tokens`.
  package var part: String
  /// As it stands in the old tariff and the new one, in USD per million tokens or per image.
  package var old: String?
  package var new: String?
  private var oldAmount: USD?
  private var newAmount: USD?
  private var isPerMillion: Bool

  /// The change in tenths of a percent, rounded away from zero; `nil` if there was no price, or
  /// it was zero.
  package var perMille: Int128? {
    guard let oldAmount, let newAmount, oldAmount > .zero else { return nil }
    let difference = newAmount.units - oldAmount.units
    // No price is above 10⁶ USD, that is 10³⁰ units.
    let (quotient, rest) = (difference.magnitude * 1_000)
      .quotientAndRemainder(dividingBy: oldAmount.units.magnitude)
    let magnitude = Int128(rest == 0 ? quotient : quotient + 1)
    return difference < 0 ? -magnitude : magnitude
  }

  /// `+12.5 %`; `new` if there was no price.
  package var percentText: String {
    guard let perMille else { return "new" }
    return (perMille > 0 ? "+" : "") + DecimalText.format(perMille, decimals: 1, atLeast: 1) + " %"
  }

  /// Whether a price at which calls are charged has moved by more than a tenth. What is priced
  /// apart for the first time has moved only if that makes it dearer.
  package var isLarge: Bool {
    guard let oldAmount, let newAmount, old != nil || newAmount > oldAmount else {
      return false
    }
    return (newAmount.units - oldAmount.units).magnitude * 10 > oldAmount.units.magnitude
  }
}

// MARK: - Doubts

extension PriceMove {
  /// A price that moves further, up or down, is more likely a mistake than a price.
  package static let believedFactor = 5
  /// A thousandth of a dollar per million tokens: no published price is below it, but prices per
  /// token are.
  private static let leastPerMillion = USD(units: 1_000_000_000_000_000_000_000)

  /// Why the new price is to be taken over only at a person's word; `nil` if nothing is odd.
  package var doubt: String? {
    guard let newAmount, let new else {
      return isTooFar ? "\(part) would lose its own price, \(old ?? "-")" : nil
    }
    if newAmount == .zero { return "\(part) would be zero" }
    if isPerMillion, newAmount < Self.leastPerMillion {
      return "\(part), \(new), looks like a price per token; these are per million"
    }
    guard isTooFar else { return nil }
    return "\(part) would move from \(old ?? oldAmount?.description ?? "-") to \(new), more than "
      + "\(Self.believedFactor)-fold"
  }

  /// What is priced apart for the first time has moved only if that makes it dearer: a cached
  /// token at a tenth of any other is nothing odd.
  private var isTooFar: Bool {
    guard let oldAmount, let newAmount, old != nil || newAmount > oldAmount else { return false }
    let (from, to) = (oldAmount.units, newAmount.units)
    return to > from * Int128(Self.believedFactor) || to * Int128(Self.believedFactor) < from
  }
}

extension PriceMove {
  private enum Field: String, CaseIterable {
    case input = "input"
    case output = "output"
    case cachedInput = "cached input"
    case cacheWrite = "cache write"
    case reasoning = "thinking"
    case imageInput = "image read"
    case imageOutput = "image made"

    var standIn: Field? {
      switch self {
      case .input, .output, .imageInput, .imageOutput: nil
      case .cachedInput, .cacheWrite: .input
      case .reasoning: .output
      }
    }
  }

  /// Where a price stands: in the first line of a tariff, or under a condition of that title.
  private struct Place: Hashable {
    var condition: String?
    var field: Field
  }

  private struct Prices {
    var places: [Place] = []
    var texts: [Place: String] = [:]

    init(_ tariff: Tariff?) {
      guard let tariff else { return }
      add(
        nil,
        [
          .input: tariff.input, .output: tariff.output, .cachedInput: tariff.cachedInput,
          .cacheWrite: tariff.cacheWrite, .reasoning: tariff.reasoning,
          .imageInput: tariff.imageInput, .imageOutput: tariff.imageOutput,
        ])
      for condition in tariff.allConditions {
        add(
          condition.title,
          [
            .input: condition.input, .output: condition.output,
            .cachedInput: condition.cachedInput, .cacheWrite: condition.cacheWrite,
            .reasoning: condition.reasoning,
          ])
      }
    }

    private mutating func add(_ condition: String?, _ prices: [Field: String?]) {
      for field in Field.allCases {
        guard let text = prices[field] ?? nil else { continue }
        let place = Place(condition: condition, field: field)
        if texts[place] == nil { places.append(place) }
        texts[place] = text
      }
    }

    func amount(at place: Place) -> USD? {
      if let text = texts[place] { return try? USD(parsing: text) }
      if place.condition != nil {
        let isPricedApart = texts[Place(condition: nil, field: place.field)] != nil
        if isPricedApart { return amount(at: Place(condition: nil, field: place.field)) }
      }
      return place.field.standIn.flatMap {
        amount(at: Place(condition: place.condition, field: $0))
      }
    }
  }

  /// What differs between two versions; nothing if every call costs the same.
  package static func moves(from old: Tariff?, to new: Tariff) -> [PriceMove] {
    let (before, after) = (Prices(old), Prices(new))
    let gone = before.places.filter { after.texts[$0] == nil }
    return (after.places + gone).compactMap { place in
      let move = PriceMove(
        part: [place.field.rawValue, place.condition].compactMap(\.self).joined(separator: ", "),
        old: before.texts[place], new: after.texts[place], oldAmount: before.amount(at: place),
        newAmount: after.amount(at: place),
        isPerMillion: place.field != .imageInput && place.field != .imageOutput)
      return move.oldAmount == move.newAmount ? nil : move
    }
  }
}
