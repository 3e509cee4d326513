import Foundation
import GRDB
package import Metering

/// What taking over a price list would change, worked out before anything is written.
package struct PricePlan: Sendable {
  /// Which models of the list are meant.
  package enum Scope: Sendable {
    /// Those that have a price, and these, which are in use, unless they were taken off sale.
    case known(inUse: Set<ModelID>)
    case only(ModelID)
    case all
  }

  package struct Change: Sendable {
    package var model: ModelID
    package var old: ModelPrice?
    package var new: Tariff
    package var moves: [PriceMove]
    fileprivate var notes: String

    /// What is odd about it, a clause each.
    package var doubts: [String] { moves.compactMap(\.doubt) }
  }

  package private(set) var changes: [Change] = []
  /// Those that only a person's word takes over; until then the prices stay.
  package private(set) var doubtful: [Change] = []
  /// How many models cost what the list says.
  package private(set) var unchanged = 0
  package private(set) var refusals: [PriceList.Refusal] = []
  /// Models that are meant and not in the list; their prices stay.
  package private(set) var unlisted: [ModelID] = []
  /// Models that are meant and whose last day is known.
  package private(set) var endings: [(model: ModelID, day: String)] = []

  /// Compares the list with the active prices.
  ///
  /// - Parameter believingAll: Whether somebody has said to take over what is odd as well: a price
  ///   that moves more than five-fold, is zero, or looks like one per token.
  package init(
    _ list: PriceList, _ scope: Scope, believingAll: Bool = false, in tx: LedgerTransaction
  ) throws {
    let active = try Self.active(in: tx)
    let meant: Set<ModelID>? =
      switch scope {
      case .all: nil
      case .only(let model): [model]
      case .known(let inUse): inUse.subtracting(try Self.withdrawn(in: tx)).union(active.keys)
      }
    func isMeant(_ model: ModelID) -> Bool { meant?.contains(model) ?? true }
    for entry in list.entries.sorted(by: { $0.model < $1.model }) where isMeant(entry.model) {
      if let day = entry.endsOn { endings.append((entry.model, day)) }
      let old = active[entry.model]
      let new = entry.tariff.keepingImages(of: old?.tariff)
      let moves = PriceMove.moves(from: old?.tariff, to: new)
      guard !moves.isEmpty else {
        unchanged += 1
        continue
      }
      let end = entry.endsOn.map { "; the model ends on \($0)" } ?? ""
      let change = Change(
        model: entry.model, old: old, new: new, moves: moves,
        notes: "\(list.source), \(tx.now.databaseText.prefix(10))\(end)")
      if believingAll || change.doubts.isEmpty {
        changes.append(change)
      } else {
        doubtful.append(change)
      }
    }
    refusals = list.refusals.filter { isMeant($0.model) }.sorted { $0.model < $1.model }
    let listed = Set(list.entries.map(\.model) + list.refusals.map(\.model))
    unlisted = (meant ?? []).subtracting(listed)
      .filter { $0.provider == list.provider ?? $0.provider && $0.provider != "demo" }.sorted()
  }

  /// Models that had a price once.
  private static func withdrawn(in tx: LedgerTransaction) throws -> Set<ModelID> {
    Set(
      try tx.pricing.list(includingClosed: true).filter { !$0.isActive }.map {
        $0.model
      })
  }

  private static func active(in tx: LedgerTransaction) throws -> [ModelID: ModelPrice] {
    Dictionary(
      try tx.pricing.list().map {
        ($0.model, $0)
      }, uniquingKeysWith: { first, _ in first })
  }

  /// Writes a new version of each price that changes; all of them, or none.
  ///
  /// - Throws: `PriceListError.changedMeanwhile`, `LedgerError.unusablePrice`.
  package func apply(in tx: LedgerTransaction) throws {
    let service = tx.pricing
    let active = try Self.active(in: tx)
    for change in changes {
      guard active[change.model]?.id == change.old?.id else {
        throw PriceListError.changedMeanwhile(change.model)
      }
      try service.set(
        change.model, tariff: change.new,
        notes: change.notes)
    }
  }
}

extension Tariff {
  /// A list that gives no price of images leaves those that there are: without them, images would
  /// be free.
  fileprivate func keepingImages(of old: Tariff?) -> Tariff {
    var tariff = self
    tariff.imageInput = imageInput ?? old?.imageInput
    tariff.imageOutput = imageOutput ?? old?.imageOutput
    return tariff
  }
}

extension PricePlan {
  /// Why a model that was asked for gets no price; `nil` if it does.
  package func whyNot(_ model: ModelID) -> String? {
    if let refusal = refusals.first(where: { $0.model == model }) { return refusal.reason }
    return unlisted.contains(model) ? "it is not in the list" : nil
  }
}
