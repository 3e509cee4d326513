package import Metering

/// What somebody else's list says that models cost.
package struct PriceList: Sendable, Equatable {
  /// A model whose price is not taken over.
  package struct Refusal: Sendable, Equatable {
    package var model: ModelID
    package var reason: String
  }

  /// What the list is, for the notes of what is made of it.
  package var source: String
  /// The only provider that the list knows, if there is one.
  package var provider: ModelProvider?
  package var entries: [ListedModel] = []
  package var refusals: [Refusal] = []

  mutating func add(
    _ model: ModelID, endsOn: String?, _ tariff: () throws(ListedPriceFlaw) -> Tariff
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
      entries.append(ListedModel(model: model, tariff: try tariff(), endsOn: endsOn))
    } catch {
      refusals.append(Refusal(model: model, reason: error.reason))
    }
  }
}

/// What the list says of one model.
package struct ListedModel: Sendable, Equatable {
  package var model: ModelID
  package var tariff: Tariff
  /// The day on which the model ends, `2026-12-01`, if the list knows one.
  package var endsOn: String?
}

/// Why nothing could be made of a price list, or of what was to be done with it.
package enum PriceListError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The file or the answer is not what it should be; whoever names it looks again.
  case unreadable(String)
  /// The list's owner does not answer; try again later.
  case unavailable(String)
  /// Somebody else has changed a price since the comparison: compare again.
  case changedMeanwhile(ModelID)
  /// A model that was asked for by name, and why it got no price.
  case notTaken(ModelID, reason: String)
  /// A price that is odd; whoever means it says so.
  case doubtful(ModelID, doubts: [String])

  package var description: String {
    switch self {
    case .unreadable(let reason): reason
    case .unavailable(let reason): reason
    case .changedMeanwhile(let model):
      "the price of \(model) was changed meanwhile, so nothing was written; do it again"
    case .doubtful(let model, let doubts):
      "the price of \(model) stays: \(doubts.joined(separator: "; ")); --yes sets it all the same"
    case .notTaken(let model, let reason): "the price of \(model) is not taken over: \(reason)"
    }
  }
}
