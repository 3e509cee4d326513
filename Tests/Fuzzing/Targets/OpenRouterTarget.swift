import Foundation
import JSONReading
@testable import LanguageModels
import Ledger
import Metering
@testable import TelegramBotAPI

/// A chat completion of OpenRouter's that comes in one piece; it is read as one of any other server
/// and as an answer of `/generation` too.
enum OpenRouterTarget {
  static func run(_ input: [UInt8]) {
    let reply = Response(input).reply
    let answer = ProviderChecks.run(reply) { reply throws(LanguageModelError) in
      guard reply.isSuccess else { throw OpenRouterForm.error(ChatFailure(reply)) }
      return try ProviderChecks.answer(
        of: reply, ChatReader(OpenRouterForm.self), "vendor/model")
    }
    if let answer, !answer.usageIsEstimate { checkCost(of: answer.usage, Array(reply.body)) }
    if let usage = OpenRouterGeneration.read(reply)?.usage { ProviderChecks.check(usage) }
    let other = ProviderChecks.run(reply) { reply throws(LanguageModelError) in
      guard reply.isSuccess else { throw OpenAICompatibleForm.error(ChatFailure(reply)) }
      return try ProviderChecks.answer(of: reply, ChatReader(OpenAICompatibleForm.self), "model")
    }
    demand(other?.usage.reportedCostUSD == nil, "a cost that nobody answers for")
  }

  /// The cost must be the one whose digits stand in the body.
  private static func checkCost(of usage: TokenUsage, _ body: [UInt8]) {
    guard let digits = digitsOfCost(body),
      // `Decimal` has 38 of them, and no large exponents.
      digits.utf8.count <= 38,
      digits.wholeMatch(of: /-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d{1,2})?/) != nil,
      let exact = try? USD(parsing: digits), exact >= .zero,
      let cost = try? USD(reported: digits)
    else { return }
    let reported = usage.reportedCostUSD.flatMap { try? USD(reported: $0) }
    demand(reported == cost, "\(digits) was read as \(usage.reportedCostUSD ?? "nothing")")
  }

  /// `nil` where it is not plain which digits count.
  private static func digitsOfCost(_ body: [UInt8]) -> String? {
    func only(_ name: String, _ range: Range<Int>? = nil) -> Range<Int>? {
      let name = Array("\"\(name)\"".utf8)
      let members = try? JSONSlicer.members(of: body, in: range)
      let found = members?.filter { body[$0.name].elementsEqual(name) } ?? []
      return found.count == 1 ? found.first?.value : nil
    }
    guard !body.contains(UInt8(ascii: "\\")), let usage = only("usage"),
      // Then it is the cost of two, or a fee.
      ["byok", "upstream"].allSatisfy({
        !String(decoding: body[usage], as: UTF8.self).lowercased().contains($0)
      }),
      let cost = only("cost", usage)
    else { return nil }
    return String(decoding: body[cost], as: UTF8.self)
  }
}
