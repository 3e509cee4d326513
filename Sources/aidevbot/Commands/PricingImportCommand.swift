import ArgumentParser
import Foundation
import LanguageModels
import Ledger

struct PricingImportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Take prices over from LiteLLM's model_prices_and_context_window.json.",
    discussion: """
      The file is at https://github.com/BerriAI/litellm; of its models, those of \(prefixes) \
      are ours. Shows what would change, and asks. Without --all or --model, only \
      models that have a price or are in use by the settings are taken. A model with a price that \
      is negative, zero, unreadable or above 10000 USD per million tokens keeps the price it has. \
      So does, without --yes, one with a price that would move more than five-fold, become zero, \
      or looks like one per token.
      """)

  private static let prefixes = Provider.priceListPrefixes.map(\.key)
    .joined(separator: ", ", last: " and ")
  private static let modelForms = Provider.all.filter { $0.priceListPrefix != nil }
    .map(\.modelForm).joined(separator: ", ", last: " or ")
  /// In bytes; many times today's file.
  private static let maximumFileLength = 64 << 20

  @Argument(help: "Where the file is.", completion: .file(extensions: ["json"]))
  var file: String
  @OptionGroup var choice: PriceListOptions
  @OptionGroup var output: JSONOption
  @OptionGroup var options: ConfigOption

  func run() async throws {
    let composition = try await Composition(options)
    let only = try choice.model.map { text in
      guard let name = PriceListOptions.name(text, provider: nil) else {
        throw PriceListError.unreadable("\(text) names no model; write \(Self.modelForms)")
      }
      return name
    }
    let list: PriceList
    do {
      list = try LiteLLMPriceList.read(
        try contents(), prefixes: Provider.priceListPrefixes, allowFree: choice.allowFree)
    } catch PriceListError.unreadable(let reason) {
      throw PriceListError.unreadable("\(file) cannot be imported: \(reason)")
    }
    try choice.takeOver(list, only: only, composition, asJSON: output.json)
  }

  private static func cannotBeRead(_ code: Int32) -> PriceListError {
    .unreadable("the file cannot be read: \(String(cString: strerror(code)))")
  }

  private func contents() throws -> Data {
    guard let handle = FileHandle(forReadingAtPath: file) else { throw Self.cannotBeRead(errno) }
    let data: Data
    do {
      data = try handle.read(upToCount: Self.maximumFileLength + 1) ?? Data()
    } catch {
      throw Self.cannotBeRead(errno)
    }
    guard data.count <= Self.maximumFileLength else {
      throw PriceListError.unreadable("it is longer than \(Self.maximumFileLength >> 20) MiB")
    }
    return data
  }
}
