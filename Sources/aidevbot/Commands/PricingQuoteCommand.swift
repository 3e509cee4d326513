import Metering
import Settings
import ArgumentParser
import Foundation
import Ledger

struct PricingQuoteCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "quote",
    abstract: "Say what a call would really cost, and what would be charged for it.",
    discussion: """
      At the model's price of today. Some models have a price by the hour: --at says when the call \
      is made, in UTC, as 16:30, "2026-12-24 16:30" or 2026-12-24T16:30:00Z; otherwise it is now. \
      The bot itself asks no provider to write its cache, so calls are never charged for that.
      """)

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
  @Option(
    help: ArgumentHelp("When, in UTC, for models priced by the hour.", valueName: "time"),
    transform: CallTime.init(argument:))
  var at: CallTime?
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
      at: PriceMoment(at?.date ?? Date()))
    let charge = try terms.charge(for: cost)
    if output.json {
      return try printJSON(Quote(costUsd: "\(cost)", chargeCredits: "\(charge)"))
    }
    print("Real cost: \(cost) USD")
    print("Charge:    \(charge) credits")
  }
}

/// A moment as it is typed: a time of today, or a day and a time, in UTC.
struct CallTime {
  var date: Date

  init(argument: String) throws {
    if let clock = ClockTime(parsing: argument) {
      let midnight = Date().timeIntervalSince1970 / 86_400
      let seconds = midnight.rounded(.down) * 86_400 + Double(clock.minute * 60)
      date = Date(timeIntervalSince1970: seconds)
      return
    }
    var text = argument.replacing(" ", with: "T")
    if text.wholeMatch(of: /[0-9-]{10}T[0-9]{2}:[0-9]{2}/) != nil { text += ":00" }
    if text.wholeMatch(of: /[0-9-]{10}T[0-9:]{8}/) != nil { text += "Z" }
    guard Date(day: String(argument.prefix(10))) != nil,
      let date = try? Date(text, strategy: .iso8601)
    else {
      throw ValidationError(
        "\(argument) is no time; write it as 16:30 or 2026-12-24T16:30:00Z, in UTC.")
    }
    self.date = date
  }
}
