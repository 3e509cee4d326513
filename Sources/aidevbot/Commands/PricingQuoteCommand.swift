import ArgumentParser
import Ledger

struct PricingQuoteCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "quote",
    abstract: "Say what a call would really cost, and what would be charged for it.")

  @OptionGroup var model: ModelArguments
  @Option(help: ArgumentHelp("The whole prompt, cached tokens included.", valueName: "n"))
  var inputTokens: Int
  @Option(help: ArgumentHelp("The whole answer, thinking included.", valueName: "n"))
  var outputTokens: Int
  @Option(help: ArgumentHelp("How many of the input tokens are cached.", valueName: "n"))
  var cachedTokens = 0
  @Option(help: ArgumentHelp("How many of the output tokens are thinking.", valueName: "n"))
  var reasoningTokens = 0
  @Option(
    help: ArgumentHelp(
      "Images, at the price per image made, or per image read where the model makes none.",
      valueName: "n"))
  var images = 0
  @OptionGroup var output: JSONOption
  @OptionGroup var options: ConfigOption

  private struct Quote: Encodable {
    var costUsd: String
    var chargeCredits: String
  }

  func validate() throws {
    let counts = [inputTokens, outputTokens, cachedTokens, reasoningTokens, images]
    guard counts.allSatisfy({ $0 >= 0 }) else {
      throw ValidationError("Numbers of tokens and images cannot be negative.")
    }
    guard cachedTokens <= inputTokens else {
      throw ValidationError("--cached-tokens are a part of --input-tokens.")
    }
    guard reasoningTokens <= outputTokens else {
      throw ValidationError("--reasoning-tokens are a part of --output-tokens.")
    }
  }

  func run() async throws {
    let live = try await Live(options)
    let terms = try live.settings.billingTerms()
    let price = try live.database().read {
      try ModelPricingService().active(provider: model.provider, model: model.model, in: $0)
    }
    let cost = try Rates(price.tariff).cost(
      of: MeteredUsage(
        inputTokens: inputTokens, cachedInputTokens: cachedTokens, outputTokens: outputTokens,
        reasoningTokens: reasoningTokens, images: images))
    let charge = try terms.charge(for: cost)
    if output.json {
      return try printJSON(Quote(costUsd: "\(cost)", chargeCredits: "\(charge)"))
    }
    print("Real cost: \(cost) USD")
    print("Charge:    \(charge) credits")
  }
}
