import ArgumentParser
import Foundation
import Ledger
import Metering
import Settings

struct PricingQuoteCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "quote",
    abstract: "Say what a call would really cost, and what would be charged for it.",
    discussion: "At the model's price of this moment.")

  @OptionGroup var model: ModelArguments
  @Option(help: ArgumentHelp("The whole prompt, cached tokens included.", valueName: "n"))
  var inputTokens: Int
  @Option(help: ArgumentHelp("The whole answer, thinking included.", valueName: "n"))
  var outputTokens: Int
  @Option(help: ArgumentHelp("How many of the input tokens are cached.", valueName: "n"))
  var cachedTokens = 0
  @Option(
    help: ArgumentHelp(
      "How many of the input tokens the provider puts into its cache; none of them is cached yet.",
      valueName: "n"))
  var cacheWriteTokens = 0
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
    let counts = [
      inputTokens, outputTokens, cachedTokens, cacheWriteTokens, reasoningTokens, images,
    ]
    guard counts.allSatisfy({ $0 >= 0 }) else {
      throw ValidationError("Numbers of tokens and images cannot be negative.")
    }
    guard cachedTokens <= inputTokens else {
      throw ValidationError("--cached-tokens are a part of --input-tokens.")
    }
    guard cacheWriteTokens <= inputTokens - cachedTokens else {
      throw ValidationError(
        "--cache-write-tokens are those of --input-tokens that are not --cached-tokens.")
    }
    guard reasoningTokens <= outputTokens else {
      throw ValidationError("--reasoning-tokens are a part of --output-tokens.")
    }
  }

  func run() async throws {
    let composition = try await Composition(options)
    let terms = try composition.settings.billingTerms()
    let price = try composition.database().read {
      try $0.pricing.active(model.id)
    }
    let cost = try Rates(price.tariff).cost(
      of: TokenUsage(
        inputTokens: inputTokens, cachedInputTokens: cachedTokens,
        cacheWriteTokens: cacheWriteTokens, outputTokens: outputTokens,
        reasoningTokens: reasoningTokens, images: images),
      at: PriceMoment(Date()))
    let charge = try terms.charge(for: cost)
    if output.json {
      return try printJSON(Quote(costUsd: "\(cost)", chargeCredits: "\(charge)"))
    }
    print("Real cost: \(cost) USD")
    print("Charge:    \(charge.text) credits")
  }
}
