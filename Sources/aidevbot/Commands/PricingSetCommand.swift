import ArgumentParser
import Foundation
import LanguageModels
import Ledger
import Metering
import Settings

struct PricingSetCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "set", abstract: "Set a model's price; from then on it can be called.",
    discussion: """
      The prices given replace all prices of the model: what is left out has none of its own. \
      Cached input then costs as much as other input, and thinking as much as other output. A \
      price that would move more than five-fold, is zero, or looks like a price per token needs \
      --yes.
      """)

  @OptionGroup var model: ModelArguments
  @Option(help: ArgumentHelp("For input, per million tokens.", valueName: "usd"))
  var input: String
  @Option(help: ArgumentHelp("For output, per million tokens.", valueName: "usd"))
  var output: String
  @Option(help: ArgumentHelp("For input from the provider's cache.", valueName: "usd"))
  var cachedInput: String?
  @Option(help: ArgumentHelp("For input that the provider puts into its cache.", valueName: "usd"))
  var cacheWrite: String?
  @Option(help: ArgumentHelp("For thinking.", valueName: "usd"))
  var reasoning: String?
  @Option(help: ArgumentHelp("For each image read.", valueName: "usd"))
  var imageInput: String?
  @Option(help: ArgumentHelp("For each image made.", valueName: "usd"))
  var imageOutput: String?
  @Option(
    help: ArgumentHelp(
      "Prompts of more tokens than this take the long-prompt prices.", valueName: "tokens"))
  var longPromptOver: Int?
  @Option(help: ArgumentHelp("For input of long prompts.", valueName: "usd"))
  var longPromptInput: String?
  @Option(help: ArgumentHelp("For output after long prompts.", valueName: "usd"))
  var longPromptOutput: String?
  @Option(help: ArgumentHelp("For cached input of long prompts.", valueName: "usd"))
  var longPromptCachedInput: String?
  @Option(help: ArgumentHelp("For cache writes of long prompts.", valueName: "usd"))
  var longPromptCacheWrite: String?
  @Option(help: ArgumentHelp("A note for yourself, such as where the price is from."))
  var note: String?
  @Flag(help: "Set the price even if it is odd.")
  var yes = false
  @OptionGroup var json: JSONOption
  @OptionGroup var options: ConfigOption

  func validate() throws {
    guard ModelID(parsing: "\(model.id)") != nil else {
      let forms = Provider.all.map { $0.modelForm.replacing("/", with: " ", maxReplacements: 1) }
      throw ValidationError(
        "\(model.provider) \(model.model) names no model; write "
          + "\(forms.joined(separator: ", ", last: " or ")).")
    }
    let tier = [longPromptOver.map(String.init), longPromptInput, longPromptOutput]
    let given = tier.compactMap { $0 }.count
    let parts = [longPromptCachedInput, longPromptCacheWrite].compactMap { $0 }
    guard given == 0 || given == tier.count, given > 0 || parts.isEmpty else {
      throw ValidationError(
        "Long prompts need --long-prompt-over, --long-prompt-input and --long-prompt-output.")
    }
    do {
      _ = try Rates(tariff)
    } catch {
      throw ValidationError("The price cannot be used: \(error).")
    }
  }

  func run() async throws {
    let composition = try await Composition(options)
    let database = try composition.database()
    let price = try database.write { tx in
      let old = try tx.pricing.list().first { $0.model == model.id }
      let doubts = PriceMove.moves(from: old?.tariff, to: tariff).compactMap(\.doubt)
      guard yes || doubts.isEmpty else {
        throw PriceListError.doubtful(model.id, doubts: doubts)
      }
      return try tx.pricing.set(model.id, tariff: tariff, notes: note)
    }
    if json.json { return try printJSON(PriceOutput(price)) }
    print("The price of \(price.model) is set; calls take it from now on.")
    print("(In \(try composition.settings.databasePath()).)")
    PricingListCommand.table([price]).printForPeople(whole: "--json has all.")
  }

  private var tariff: Tariff {
    var tariff = Tariff(
      input: input, output: output, cachedInput: cachedInput, cacheWrite: cacheWrite,
      reasoning: reasoning, imageInput: imageInput, imageOutput: imageOutput)
    if let longPromptOver, let longPromptInput, let longPromptOutput {
      tariff.longPrompt = Tariff.LongPromptTier(
        threshold: longPromptOver, input: longPromptInput, output: longPromptOutput,
        cachedInput: longPromptCachedInput, cacheWrite: longPromptCacheWrite)
    }
    return tariff
  }
}
