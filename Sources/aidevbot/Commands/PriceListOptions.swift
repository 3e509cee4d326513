import ArgumentParser
import Assistant
import Bot
import Commands
import Foundation
import Glibc
import LanguageModels
import Ledger
import Metering
import Settings

/// What `pricing sync` and `pricing import` have in common: which models are meant, the table of
/// what would change, the question, and the writing.
struct PriceListOptions: ParsableArguments {
  @Flag(help: "Take every model of the list.")
  var all = false
  @Option(help: "Take this model alone.")
  var model: String?
  @Flag(help: "Take prices of zero over as well.")
  var allowFree = false
  @Flag(help: "Change the prices without asking, odd ones too.")
  var yes = false

  func validate() throws {
    guard !all || model == nil else {
      throw ValidationError("--all and --model exclude each other.")
    }
  }

  /// - Parameter provider: The only one there is, which may be left out: what begins with the name
  ///   of another is the name of a vendor.
  static func name(_ text: String, provider: ModelProvider?) -> ModelID? {
    let whole = ModelID(parsing: text)
    let withProvider = provider.flatMap { ModelID(parsing: "\($0.rawValue)/\(text)") }
    let isWhole = provider == nil || whole?.provider == provider
    guard let id = isWhole ? whole : withProvider, id.provider != .demo else { return nil }
    return id
  }

  /// - Throws: `PriceListError`, and `ExitCode(1)` if changes are left undone.
  func takeOver(_ list: PriceList, only: ModelID?, _ composition: Composition, asJSON: Bool)
    throws
  {
    let inUse = try composition.choosingModels().settings.bot().models.all
    let database = try composition.database()
    let scope: PricePlan.Scope =
      if let only { .only(only) } else if all { .all } else { .known(inUse: inUse) }
    let plan = try database.read { try PricePlan(list, scope, believingAll: yes, in: $0) }
    if let only, let reason = plan.whyNot(only) {
      throw PriceListError.notTaken(only, reason: reason)
    }
    if !asJSON { show(plan) }
    let isWanted = plan.changes.isEmpty || yes || (!asJSON && ask(plan))
    if isWanted, !plan.changes.isEmpty {
      try database.write { try plan.apply(in: $0) }
    }
    if asJSON {
      try printJSON(PricePlanOutput(plan, isApplied: isWanted))
    } else if isWanted, !plan.changes.isEmpty {
      let count = plan.changes.count
      print(
        count == 1
          ? "Changed the price of 1 model; calls take it from now on."
          : "Changed the prices of \(count) models; calls take them from now on.")
    }
    if !isWanted { try Self.end("Nothing was changed; --yes changes the prices without asking.") }
    if !plan.doubtful.isEmpty {
      try Self.end("Odd prices were not changed; --yes takes them over too.")
    }
  }

  private static func end(_ sentence: String) throws {
    FileHandle.standardError.write(Data("aidevbot: \(sentence)\n".utf8))
    throw ExitCode(1)
  }

  private func ask(_ plan: PricePlan) -> Bool {
    Terminal.confirms("Change the prices of \(plan.changes.count) models?")
  }

  private func show(_ plan: PricePlan) {
    if plan.changes.isEmpty, plan.doubtful.isEmpty {
      let models = plan.unchanged == 1 ? "1 model" : "\(plan.unchanged) models"
      print("No price differs from the list. Unchanged: \(models).")
    } else if !plan.changes.isEmpty {
      var table = Table([
        .init("MODEL", nil), .init("PRICE", nil), .init("OLD", nil), .init("NEW", nil),
        .init("CHANGE", nil, rank: 1),
      ])
      for change in plan.changes {
        for move in change.moves {
          table.add(
            "\(change.model)", move.part, move.old ?? "-", move.new ?? "-", move.percentText)
        }
      }
      print("US dollars per million tokens, or per image:")
      table.printForPeople(whole: "--json has all.")
    }
    for change in plan.doubtful {
      print("Odd, so it stays: \(change.model): \(change.doubts.joined(separator: "; "))")
    }
    for refusal in plan.refusals {
      print("Not taken over: \(refusal.model): \(refusal.reason)")
    }
    for model in plan.unlisted { print("Not in the list: \(model); its price stays.") }
    for (model, day) in plan.endings { print("Ends on \(day): \(model)") }
  }
}

/// What `--json` prints of it.
private struct PricePlanOutput: Encodable {
  struct Change: Encodable {
    var model: String
    var prices: [PriceMoveOutput]
    var tariff: Tariff

    init(_ change: PricePlan.Change) {
      model = "\(change.model)"
      prices = change.moves.map(PriceMoveOutput.init)
      tariff = change.new
    }
  }

  struct Refusal: Encodable {
    var model: String
    var reason: String
  }

  struct Doubtful: Encodable {
    var change: Change
    var doubts: [String]
  }

  struct Ending: Encodable {
    var model: String
    var day: String
  }

  var applied: Bool
  var changes: [Change]
  var doubtful: [Doubtful]
  var unchanged: Int
  var notTaken: [Refusal]
  var notListed: [String]
  var endings: [Ending]

  init(_ plan: PricePlan, isApplied: Bool) {
    applied = isApplied
    changes = plan.changes.map(Change.init)
    doubtful = plan.doubtful.map { Doubtful(change: Change($0), doubts: $0.doubts) }
    unchanged = plan.unchanged
    notTaken = plan.refusals.map { Refusal(model: "\($0.model)", reason: $0.reason) }
    notListed = plan.unlisted.map(\.description)
    endings = plan.endings.map { Ending(model: "\($0.model)", day: $0.day) }
  }
}
