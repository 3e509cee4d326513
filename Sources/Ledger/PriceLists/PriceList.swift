/// What somebody else's list says that models cost.
package struct PriceList: Sendable, Equatable {
  package struct Entry: Sendable, Equatable {
    package var model: ModelName
    package var tariff: Tariff
    /// The day on which the model ends, `2026-12-01`, where the list knows one.
    package var endsOn: String?
  }

  /// A model whose price is not taken over.
  package struct Refusal: Sendable, Equatable {
    package var model: ModelName
    package var reason: String
  }

  /// What the list is, for the notes of what is made of it.
  package var source: String
  /// The only provider that the list knows, where there is one.
  package var provider: String?
  package var entries: [Entry] = []
  package var refusals: [Refusal] = []

  mutating func add(
    _ model: ModelName, endsOn: String?, _ tariff: () throws(ListedPriceFlaw) -> Tariff
  ) {
    let isKnown =
      entries.contains { $0.model == model } || refusals.contains { $0.model == model }
    guard !isKnown else {
      entries.removeAll { $0.model == model }
      refusals.removeAll { $0.model == model }
      refusals.append(Refusal(model: model, reason: "it is listed more than once"))
      return
    }
    do throws(ListedPriceFlaw) {
      entries.append(Entry(model: model, tariff: try tariff(), endsOn: endsOn))
    } catch {
      refusals.append(Refusal(model: model, reason: error.reason))
    }
  }
}

/// A model as the price list names it.
package struct ModelName: Sendable, Hashable, Comparable, CustomStringConvertible {
  package var provider: String
  package var model: String

  package init(provider: String, model: String) {
    self.provider = provider
    self.model = model
  }

  /// Whether it can stand in a table and in a notice: visible ASCII, of a sensible length.
  var isPrintable: Bool {
    let bytes = model.utf8
    return 1...160 ~= bytes.count && bytes.allSatisfy { (0x21...0x7E).contains($0) }
  }

  package var description: String { "\(provider)/\(model)" }

  package static func < (left: ModelName, right: ModelName) -> Bool {
    (left.provider, left.model) < (right.provider, right.model)
  }
}

/// Why nothing could be made of a price list, or of what was to be done with it.
package enum PriceListError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The file or the answer is not what it should be; whoever names it looks again.
  case unreadable(String)
  /// The list's owner does not answer; try again later.
  case unavailable(String)
  /// Somebody else has changed a price since the comparison: compare again.
  case changedMeanwhile(ModelName)
  /// A model that was asked for by name, and why it got no price.
  case notTaken(ModelName, reason: String)

  package var description: String {
    switch self {
    case .unreadable(let reason): reason
    case .unavailable(let reason): reason
    case .changedMeanwhile(let model):
      "the price of \(model) was changed meanwhile, so nothing was written; do it again"
    case .notTaken(let model, let reason): "the price of \(model) is not taken over: \(reason)"
    }
  }
}
