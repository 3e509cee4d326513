@testable import Assistant
import Foundation
@testable import LanguageModels
import Ledger
import Metering

/// What must be true of every provider's response, whatever came.
enum ProviderChecks {
  static let prompt = Prompt(
    system: "", messages: [.init(.user, "?")], maximumOutputTokens: 8_192)

  /// Reads events as they come. What is shown of them is a beginning of the answer, and stays so
  /// where somebody stops it.
  static func answer<Reader: AnswerReader>(
    of reply: ProviderReply, _ reader: Reader, _ model: String
  ) throws(LanguageModelError) -> Answer {
    let reading = AnswerReading(reader, nil)
    let shown = (reply.events ?? []).map { reading.take([$0]) }.joined()
    var rest = reply
    rest.readEvents = reply.events?.count ?? 0
    rest.events = reply.events == nil ? nil : []
    rest.isStopped = true
    if let answer = try? reading.received(rest).answer(to: prompt, model, rest) {
      demand(answer.text.utf8.starts(with: shown.utf8), "what was shown is taken back")
      check(answer.usage)
    }
    rest.isStopped = false
    let answer = try reading.received(rest).answer(to: prompt, model, rest)
    demand(answer.text.utf8.starts(with: shown.utf8), "what was shown is taken back")
    return answer
  }

  /// - Returns: The answer, where there is one.
  @discardableResult
  static func run(
    _ reply: ProviderReply,
    read: (ProviderReply) throws(LanguageModelError) -> Answer
  ) -> Answer? {
    do {
      let answer = try read(reply)
      demand(reply.isSuccess, "an answer with status \(reply.status)")
      demand(answer.text.hasVisibleText, "an answer that shows nothing")
      check(answer.usage)
      for name in [answer.model, answer.requestID].compactMap(\.self) {
        demand(
          1...160 ~= name.utf8.count && name.utf8.allSatisfy { 0x21...0x7E ~= $0 },
          "a name that nobody has cleaned")
      }
      _ = TaskList(in: answer.text)
      return answer
    } catch {
      demand(reply.isSuccess || !error.mayHaveCost, "a refusal that may cost")
      demand(reply.isSuccess || error.usage == nil, "a refusal with usage")
      check(error.reason)
      demand(!error.userMessage().isEmpty, "nothing to say")
      if let usage = error.usage { check(usage) }
      return nil
    }
  }

  static func check(_ usage: TokenUsage) {
    let most = 1_000_000_000
    demand(0...most ~= usage.inputTokens, "\(usage)")
    demand(0...usage.inputTokens ~= usage.cachedInputTokens, "\(usage)")
    demand(
      0...(usage.inputTokens - usage.cachedInputTokens) ~= usage.cacheWriteTokens, "\(usage)")
    demand(0...most ~= usage.outputTokens, "\(usage)")
    demand(0...usage.outputTokens ~= usage.reasoningTokens, "\(usage)")
    demand(0...most ~= usage.images, "\(usage)")
    for rates in tariffs { checkBill(for: usage, rates) }
  }

  private static func check(_ reason: LanguageModelError.Reason) {
    switch reason {
    case .blocked(let word):
      demand(
        1...40 ~= word.utf8.count && word.allSatisfy { $0.isASCII && ($0.isLetter || $0 == "_") },
        "\(word) is no code word")
    case .rateLimited(let wait?):
      demand(.zero ... .seconds(86_400) ~= wait, "the wait is \(wait)")
    default: break
    }
  }
}

// MARK: - Bills

extension ProviderChecks {
  /// Usual ones, those with everything there is, and the dearest that are taken.
  private static let tariffs = [
    Tariff(input: "0.30", output: "2.50", cachedInput: "0.03"),
    Tariff(
      input: "2", output: "12", cachedInput: "0.20", reasoning: "15", imageInput: "0.001",
      imageOutput: "0.134",
      longPrompt: .init(threshold: 200_000, input: "4", output: "18", cachedInput: "5")),
    Tariff(input: "1000000", output: "1000000", imageOutput: "1000000"),
  ].compactMap { try? Rates($0) }

  private static func checkBill(for usage: TokenUsage, _ rates: Rates) {
    let metered = usage
    guard let table = try? rates.cost(of: metered, at: PriceMoment(Date())) else { return }
    demand(table >= .zero, "a negative cost")
    MoneyTarget.checkCharges(for: table)
    if usage.images <= 1,
      let bound = try? rates.bound(
        inputTokens: metered.inputTokens, outputTokens: metered.outputTokens)
    {
      demand(table <= bound, "\(usage) costs \(table), more than its bound \(bound)")
    }
    guard let reported = usage.reportedCostUSD.flatMap({ try? USD(reported: $0) }) else { return }
    demand(reported >= .zero, "a negative cost")
    _ = CallCost(table: table, reported: reported).hasDrifted
    MoneyTarget.checkCharges(for: reported)
  }
}
