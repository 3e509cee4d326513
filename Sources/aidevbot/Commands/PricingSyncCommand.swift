import ArgumentParser
import Bot
import LanguageModels
import Ledger

struct PricingSyncCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sync",
    abstract: "Take prices over from a provider's own list.",
    discussion: """
      Only OpenRouter has one. Shows what would change, and asks. Without --all or --model, only \
      models that have a price or are in use by the settings are taken. A model with a price that \
      is negative, zero, unreadable or above 10000 USD per million tokens keeps the price it has. \
      So does, without --yes, one with a price that would move more than five-fold, become zero, \
      or looks like one per token. \
      With PRICING_SYNC_OPENROUTER the bot does this by itself once a day.
      """)

  /// Who has a list.
  enum Source: String, ExpressibleByArgument, CaseIterable {
    case openrouter
  }

  @Argument(help: "Whose list: openrouter.")
  var source: Source
  @OptionGroup var choice: PriceListOptions
  @OptionGroup var output: JSONOption
  @OptionGroup var options: ConfigOption

  func run() async throws {
    let composition = try await Composition(options)
    let only = try choice.model.map { text in
      guard let name = PriceListOptions.name(text, provider: .openrouter) else {
        throw PriceListError.unreadable("\(text) names no model of OpenRouter; write VENDOR/NAME")
      }
      return name
    }
    let list = try await composition.openRouterCatalog().prices(allowFree: choice.allowFree)
    try choice.takeOver(list, only: only, composition, asJSON: output.json)
  }
}
