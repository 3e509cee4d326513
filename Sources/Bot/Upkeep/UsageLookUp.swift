import Foundation
package import LanguageModels
import Ledger
import Logging
package import Messaging
import Metering

/// Asks providers what calls have used that were charged by an estimate, as those that people
/// stop, and has the ledger put it right. Which calls those are stands in the database, so that it
/// goes on after a restart.
package struct UsageLookUp: PeriodicService {
  /// A look into an index; nothing is asked as long as no call waits.
  static let pause = Duration.seconds(5)

  private let writer: LedgerWriter
  private let llm: @Sendable () -> LLMClient

  package init(writer: LedgerWriter, llm: @escaping @Sendable () -> LLMClient) {
    self.writer = writer
    self.llm = llm
  }

  package func round() async -> Duration {
    do {
      let llm = llm()
      for call in try writer.read({ try $0.corrections.due() }) where !Task.isCancelled {
        try await lookUp(call, llm)
      }
    } catch {
      Logger.current.warning(
        "What calls have used could not be put right; it is tried again.",
        metadata: ["error": "\(error)"])
    }
    return Self.pause
  }

  private func lookUp(_ call: UsageCorrectionService.Call, _ llm: LLMClient) async throws {
    let usage = await usage(of: call, llm)
    guard !Task.isCancelled else { return }
    let givenBack = try await writer.write(for: "putting an estimate right") { tx -> Credits? in
      do {
        if let usage { return try tx.corrections.correct(call.usageID, with: usage) }
      } catch let error as LedgerError {
        // A figure that is none leaves the estimate.
        Logger.current.warning(
          "What a provider says of a call cannot be booked.",
          metadata: ["request": "\(call.requestID)", "reason": "\(error.sentence)"])
      }
      try tx.corrections.postpone(call.usageID)
      return nil
    }
    guard let givenBack else { return }
    Logger.current.info(
      "A call was looked up, and what it used is put right.",
      metadata: ["request": "\(call.requestID)", "given_back": "\(givenBack)"])
  }

  /// `nil` if the provider does not know it yet, or cannot be asked.
  private func usage(
    of call: UsageCorrectionService.Call, _ llm: LLMClient
  ) async -> TokenUsage? {
    do throws(LanguageModelError) {
      let usage = try await llm.usage(ofRequest: call.requestID, provider: call.provider)
      return usage.flatMap { $0.tellsOfAnswer ? $0 : nil }
    } catch {
      if error.reason != .answerMalformed, error.reason != .cancelled {
        Logger.current.notice(
          "A provider does not say what a call has used.",
          metadata: ["request": "\(call.requestID)", "reason": "\(error.reason)"])
      }
      return nil
    }
  }
}
