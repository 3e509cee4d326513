import ArgumentParser
import Foundation
import Installation
import Ledger
import Metering

struct PricingHistoryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "history", abstract: "Show every price that a model ever had, and what changed.")

  @Argument(
    help: "The model, such as gemini-2.5-flash or openrouter/anthropic/claude-sonnet-5.5.")
  var model: String
  @OptionGroup var output: TableOption
  @OptionGroup var options: ConfigOption

  private struct Output: Encodable {
    var price: PriceOutput
    var until: Date?
    var changes: [PriceMoveOutput]
  }

  /// A price and the one that it took the place of.
  private struct Version {
    var price: ModelPrice
    var moves: [PriceMove]
  }

  func run() async throws {
    let database = try await Composition(options).database()
    let prices = try database.read { try $0.pricing.versions(of: model) }
    guard !prices.isEmpty else {
      throw PriceListError.unreadable(
        "no model called \(model) ever had a price; \(Installation.current.program) pricing list "
          + "--all names those that do"
      )
    }
    let versions = prices.indices.map { index in
      let earlier = index + 1 < prices.count ? prices[index + 1] : nil
      let isSame = earlier?.model.provider == prices[index].model.provider
      return Version(
        price: prices[index],
        moves: isSame
          ? PriceMove.moves(from: earlier?.tariff, to: prices[index].tariff) : [])
    }
    var table = Table(
      [
        .init("PROVIDER", "provider"), .init(nil, "model"), .init("SINCE (UTC)", "created_at"),
        .init("UNTIL (UTC)", "until", rank: 10),
      ] + PricingListCommand.tariffColumns + [
        .init("CHANGED", "changes", rank: 11), .init("NOTE", "notes", rank: 2, isProse: true),
        .init(nil, "id"), .init(nil, "is_active"),
      ])
    for version in versions {
      let price = version.price
      let changes = version.moves.map { "\($0.part) \($0.percentText)" }
      table.add(
        [
          price.model.provider.rawValue, price.model.name, price.createdAt.tableText,
          price.isActive ? nil : price.updatedAt.tableText,
        ] + PricingListCommand.cells(of: price.tariff) + [
          changes.isEmpty ? nil : changes.joined(separator: "; "), price.notes, "\(price.id)",
          "\(price.isActive)",
        ])
    }
    try output.show(
      table,
      json: versions.map { version in
        Output(
          price: PriceOutput(version.price),
          until: version.price.isActive ? nil : version.price.updatedAt,
          changes: version.moves.map(PriceMoveOutput.init))
      }, empty: "There are no prices.",
      title: "US dollars per million tokens, or per image; the newest first:")
  }
}

/// One price that becomes another one, as `--json` prints it.
struct PriceMoveOutput: Encodable {
  var part: String
  var old: String?
  var new: String?
  /// In percent, with one decimal, rounded away from zero.
  var percent: String?

  init(_ move: PriceMove) {
    part = move.part
    old = move.old
    new = move.new
    percent = move.perMille.map { DecimalText.format($0, decimals: 1, atLeast: 1) }
  }
}
