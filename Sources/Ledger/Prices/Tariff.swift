/// What a model's tokens and images cost, as published.
package struct Tariff: Sendable, Equatable, Codable {
  package var input: String
  package var output: String
  /// For input tokens served from the provider's cache; the input price if absent.
  package var cachedInput: String?
  /// For input tokens that the provider puts into its cache, which takes the place of their input
  /// price; the input price if absent.
  package var cacheWrite: String?
  /// For thinking tokens; the output price if absent.
  package var reasoning: String?
  package var imageInput: String?
  package var imageOutput: String?
  /// For every token of a call whose prompt is longer than the threshold.
  package var longPrompt: LongPromptTier?
  /// Prices by the hour, and further tiers; each that applies goes before those ahead of it, and
  /// before `longPrompt`.
  package var conditions: [Condition]?

  package struct LongPromptTier: Sendable, Equatable, Codable {
    /// In tokens; the tier holds strictly above it.
    package var threshold: Int
    package var input: String
    package var output: String
    /// The tier's input price if absent, as below.
    package var cachedInput: String?
    package var cacheWrite: String?

    package init(
      threshold: Int, input: String, output: String, cachedInput: String? = nil,
      cacheWrite: String? = nil
    ) {
      self.threshold = threshold
      self.input = input
      self.output = output
      self.cachedInput = cachedInput
      self.cacheWrite = cacheWrite
    }
  }

  /// Prices for calls that meet all that is demanded. A price that is absent is the one without
  /// the condition (OpenRouter, `PricingOverride`).
  package struct Condition: Sendable, Equatable, Codable {
    /// In tokens of the prompt; strictly more.
    package var promptOver: Int?
    package var hours: DailyHours?
    /// From 1 for Monday to 7 for Sunday, the day in UTC at the moment of the call.
    package var days: [Int]?
    package var input: String?
    package var output: String?
    package var cachedInput: String?
    package var cacheWrite: String?
    package var reasoning: String?

    package init(
      promptOver: Int? = nil, hours: DailyHours? = nil, days: [Int]? = nil, input: String? = nil,
      output: String? = nil, cachedInput: String? = nil, cacheWrite: String? = nil,
      reasoning: String? = nil
    ) {
      self.promptOver = promptOver
      self.hours = hours
      self.days = days
      self.input = input
      self.output = output
      self.cachedInput = cachedInput
      self.cacheWrite = cacheWrite
      self.reasoning = reasoning
    }

    /// What it demands: `over 200000 tokens`, `16:30-00:30 UTC`.
    package var title: String {
      let names = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
      let week = days.map { days in
        days.map { names.indices.contains($0 - 1) ? names[$0 - 1] : "?" }.joined(separator: " ")
      }
      return [promptOver.map { "over \($0) tokens" }, hours.map { "\($0) UTC" }, week]
        .compactMap(\.self).joined(separator: ", ")
    }
  }

  package init(
    input: String, output: String, cachedInput: String? = nil, cacheWrite: String? = nil,
    reasoning: String? = nil, imageInput: String? = nil, imageOutput: String? = nil,
    longPrompt: LongPromptTier? = nil, conditions: [Condition]? = nil
  ) {
    self.input = input
    self.output = output
    self.cachedInput = cachedInput
    self.cacheWrite = cacheWrite
    self.reasoning = reasoning
    self.imageInput = imageInput
    self.imageOutput = imageOutput
    self.longPrompt = longPrompt
    self.conditions = conditions
  }
}

extension Tariff.LongPromptTier {
  /// The same as a condition: what it leaves out is its input price, or as thinking is without it.
  var condition: Tariff.Condition {
    Tariff.Condition(
      promptOver: threshold, input: input, output: output, cachedInput: cachedInput ?? input,
      cacheWrite: cacheWrite ?? input)
  }
}

extension Tariff {
  /// All conditions in the order in which they apply.
  var allConditions: [Condition] {
    (longPrompt.map { [$0.condition] } ?? []) + (conditions ?? [])
  }

  /// The dearest prices per million tokens that a call may be served at, whatever the hour.
  ///
  /// - Parameter inputTokens: An upper bound of the prompt.
  /// - Throws: `LedgerError.malformedAmount`.
  package func ceiling(inputTokens: Int) throws(LedgerError) -> (input: String, output: String) {
    var dearest = (input: input, output: output)
    if let longPrompt, inputTokens > longPrompt.threshold {
      dearest = (longPrompt.input, longPrompt.output)
    }
    for condition in conditions ?? [] where inputTokens > condition.promptOver ?? -1 {
      if let price = condition.input, try USD(parsing: price) > USD(parsing: dearest.input) {
        dearest.input = price
      }
      if let price = condition.output, try USD(parsing: price) > USD(parsing: dearest.output) {
        dearest.output = price
      }
    }
    return dearest
  }
}
