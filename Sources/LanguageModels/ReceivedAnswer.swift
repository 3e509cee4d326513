import HTTPTransport
import Metering

/// What has come of an answer, in no provider's form, and what is made of it: an answer that is
/// worth its price, or the error that says why there is none.
struct ReceivedAnswer {
  var text = ""
  /// The word with which the provider says how the text ends, if it has.
  var endWord: String?
  /// The same of the provider behind the provider.
  var nativeEndWord: String?
  /// Why there is not even a beginning: the provider's code word for a prompt that it refuses.
  var promptBlock: String?
  /// The largest counts that were told.
  var usage: TokenUsage?
  /// How much of the text there was when the usage was told last, in UTF-8.
  var bytesCounted = 0
  /// Whether the usage has the text in it, and not only the thoughts before it.
  var countsText = true
  /// The model that answered, and the id of the request, as the provider calls them.
  var model: String?
  var requestID: String?
  /// What it says is an error, though the status says that all is well.
  var failure: LanguageModelError?
  /// Whether something came that cannot be read, so that the text may lack a piece.
  var isUnreadable = false
  /// Whether it came piece by piece; then it is whole only if the provider says so.
  var isStream = false

  /// What must be true of an answer that is sold: it shows something, no piece of it is missing
  /// between others, and whatever is missing at its end is known and said.
  ///
  /// - Parameter asked: The model that was asked for.
  func answer(
    to prompt: Prompt, _ asked: String, _ reply: ProviderReply
  ) throws(LanguageModelError) -> Answer {
    let text = text.joiningSurrogates.withoutNUL
    let whole = completedUsage(text, prompt)
    let ending = try ending(text, whole, prompt, reply)
    let isStopped = ending == .stopped
    let usage = isStopped ? usageOfStopped(text, prompt, isLeast: false) : whole
    let least = isStopped ? usageOfStopped(text, prompt, isLeast: true) : nil
    let requestID = reply.requestID ?? requestID?.asProvidersName
    guard text.hasVisibleText else {
      throw LanguageModelError(
        reasonForSilence(ending), usage: self.usage, requestID: requestID,
        mayHaveCost: self.usage == nil)
    }
    let estimate = TokenUsage(
      inputTokens: prompt.inputTokenEstimate,
      outputTokens: min(Prompt.estimatedTokens(of: text), prompt.maximumOutputTokens))
    var answer = Answer(
      text: text, usage: usage?.tokens ?? estimate, usageIsEstimate: usage?.isEstimate ?? true,
      ending: ending, model: model?.asProvidersName ?? asked, requestID: requestID,
      keyIdentifier: reply.keyIdentifier, responseTime: reply.responseTime)
    if let least, least.isEstimate { answer.leastUsage = least.tokens }
    return answer
  }

  /// - Throws: If what has come is no answer, or may be a part of one.
  private func ending(
    _ text: String, _ usage: (tokens: TokenUsage, isEstimate: Bool)?, _ prompt: Prompt,
    _ reply: ProviderReply
  ) throws(LanguageModelError) -> Answer.Ending {
    func failed(_ reason: LanguageModelError.Reason, mayHaveCost: Bool = true) -> LanguageModelError
    {
      // What a provider calls an error is free wherever the provider says so.
      LanguageModelError(
        reason, usage: mayHaveCost ? usage?.tokens : nil,
        usageIsEstimate: mayHaveCost && usage?.isEstimate == true,
        requestID: reply.requestID ?? requestID?.asProvidersName, mayHaveCost: mayHaveCost)
    }
    if let failure {
      var failed = failed(failure.reason, mayHaveCost: failure.mayHaveCost)
      failed.report = failure.report
      throw failed
    }
    let interruption = reply.interruption.map { LanguageModelError($0).reason }
    if isUnreadable { throw failed(interruption ?? .answerMalformed) }
    if let promptBlock, !text.hasVisibleText {
      // It was read, and nothing was written.
      let read = TokenUsage(inputTokens: prompt.inputTokenEstimate, outputTokens: 0)
      throw LanguageModelError(
        .blocked(codeWord: promptBlock), usage: self.usage ?? read,
        usageIsEstimate: self.usage == nil, requestID: reply.requestID ?? requestID?.asProvidersName
      )
    }
    if let endWord {
      let ending = Answer.Ending(word: endWord)
      return nativeEndWord.map(ending.with(nativeWord:)) ?? ending
    }
    if promptBlock != nil { return .brokenOff(.safety) }
    if reply.isStopped, text.hasVisibleText { return .stopped }
    if case .deadlineExceeded? = reply.interruption, text.hasVisibleText { return .timeLimit }
    if let interruption { throw failed(interruption) }
    if isStream { throw failed(.connectionLost) }
    // Not even an empty answer: this is some other JSON.
    if !text.hasVisibleText, usage == nil { throw failed(.answerMalformed) }
    return .complete
  }

  private func reasonForSilence(_ ending: Answer.Ending) -> LanguageModelError.Reason {
    let words = [nativeEndWord, endWord].compactMap(\.self)
    if words.contains(where: { Answer.Ending.normalised($0) == Answer.Ending.contextIsFull }) {
      return .promptTooLong
    }
    guard case .brokenOff(let cause) = ending else { return .emptyAnswer }
    let word = words.last { Answer.Ending(word: $0) != .complete }
    return switch cause {
    case .safety, .recitation, .other("LANGUAGE"): .blocked(codeWord: word)
    case .other: .emptyAnswer
    case .connection: .connectionLost
    case .capacity: .providerOverloaded
    }
  }

  /// What was told of an answer that was stopped, with an estimate of what came after it: of a call
  /// that is cut off, nobody tells the end.
  ///
  /// - Parameter isLeast: Whether the estimate is the least that it can have been.
  private func usageOfStopped(
    _ text: String, _ prompt: Prompt, isLeast: Bool
  ) -> (tokens: TokenUsage, isEstimate: Bool)? {
    guard text.hasVisibleText else { return usage.map { ($0, false) } }
    let told = usage ?? TokenUsage(inputTokens: 0, outputTokens: 0)
    if told.hasReportedCost { return (told, false) }
    let counted = countsText && told.outputTokens > 0 ? bytesCounted : 0
    let rest = String(decoding: self.text.utf8.dropFirst(counted), as: UTF8.self)
    let written = isLeast ? Prompt.leastTokens(of: rest) : Prompt.estimatedTokens(of: rest)
    let room = max(0, prompt.maximumOutputTokens - told.outputTokens)
    let uncounted = rest.hasVisibleText ? min(written, room) : 0
    guard uncounted > 0 || told.inputTokens == 0 else { return (told, false) }
    let read = isLeast ? prompt.leastInputTokens : prompt.inputTokenEstimate
    let completed = TokenUsage(
      inputTokens: told.inputTokens > 0 ? told.inputTokens : read,
      cachedInputTokens: told.cachedInputTokens, cacheWriteTokens: told.cacheWriteTokens,
      outputTokens: told.outputTokens + uncounted, reasoningTokens: told.reasoningTokens,
      images: told.images, imageTokens: told.imageTokens)
    return (completed, true)
  }

  /// What was told, with an estimate in the place of counts that cannot be: a prompt takes tokens,
  /// and so does a text. `nil` if nothing at all was told.
  private func completedUsage(
    _ text: String, _ prompt: Prompt
  ) -> (tokens: TokenUsage, isEstimate: Bool)? {
    guard let usage else { return nil }
    let lacksText = text.hasVisibleText && (usage.outputTokens == 0 || !countsText)
    guard lacksText || usage.inputTokens == 0, !usage.hasReportedCost else { return (usage, false) }
    guard text.hasVisibleText || usage.inputTokens > 0 else { return (usage, false) }
    let room = max(0, prompt.maximumOutputTokens - usage.outputTokens)
    let written = lacksText ? min(Prompt.estimatedTokens(of: text), room) : 0
    let completed = TokenUsage(
      inputTokens: usage.inputTokens > 0 ? usage.inputTokens : prompt.inputTokenEstimate,
      cachedInputTokens: usage.cachedInputTokens, cacheWriteTokens: usage.cacheWriteTokens,
      outputTokens: usage.outputTokens + written, reasoningTokens: usage.reasoningTokens,
      images: usage.images,
      imageTokens: usage.imageTokens)
    return (completed, true)
  }
}

extension TokenUsage {
  /// `nil` where sensible counts come to a sum that is none.
  var ifSensible: TokenUsage? {
    [inputTokens, outputTokens].allSatisfy(Self.isSensible) ? self : nil
  }

  /// Whether it tells of an answer, and not only of the prompt.
  package var tellsOfAnswer: Bool { hasReportedCost || outputTokens > 0 }

  /// Whether the provider names a cost above zero.
  var hasReportedCost: Bool {
    reportedCostUSD?.contains { ("1"..."9").contains($0) } ?? false
  }
}
