import ArgumentParser
import LanguageModels
import Metering

struct PricingCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pricing",
    abstract: "See and change what models cost.",
    discussion: """
      Prices are US dollars per million tokens, or per image. A change is a new version: calls \
      made before keep the price they were made at. A running bot sees it at once.
      """,
    subcommands: [
      PricingListCommand.self, PricingHistoryCommand.self, PricingSetCommand.self,
      PricingDeactivateCommand.self, PricingQuoteCommand.self, PricingSyncCommand.self,
      PricingImportCommand.self,
    ])
}

/// Names a model as the price list does.
struct ModelArguments: ParsableArguments {
  @Argument(
    help: "\(Provider.all.map(\.id.rawValue).joined(separator: ", ", last: " or ")).")
  var provider: String

  @Argument(help: "The model's name, such as gemini-2.5-flash or anthropic/claude-sonnet-5.5.")
  var model: String

  /// As the provider calls it, even if its name in a list of the provider's was given.
  var id: ModelID {
    let provider = ModelProvider(rawValue: provider)
    return ModelID(provider: provider, name: Provider.with(provider)?.ownName(model) ?? model)
  }

  /// Letter by letter as it was given, for a price that was set under such a name.
  var given: ModelID { ModelID(provider: ModelProvider(rawValue: provider), name: model) }
}
