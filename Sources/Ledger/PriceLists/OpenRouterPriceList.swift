package import Foundation
package import Metering

/// OpenRouter's list of models, `GET /models`: decimal text in US dollars per token, with
/// conditional `overrides` of which those that come later go before (openrouter.ai/docs, "Models";
/// `Pricing` and `PricingOverride` of its API description).
package enum OpenRouterPriceList {
  package static let provider: ModelProvider = "openrouter"
  /// 0.0003 USD. `image` and `image_output` are described as prices per image, but most of them are
  /// prices per token of one, such as 0.00003; those would make images nearly free.
  private static let cheapestImage = USD(units: 300_000_000_000_000_000_000)

  /// - Parameter allowFree: Whether a price of zero is taken over.
  /// - Throws: `PriceListError.unreadable` for what is no such list. Single models that cannot be
  ///   taken over are refusals in it.
  package static func read(
    _ json: Data, allowFree: Bool
  ) throws(PriceListError) -> PriceList {
    let document: ListedValue
    do {
      document = try JSONDecoder().decode(ListedValue.self, from: json)
    } catch {
      throw .unreadable("the answer of OpenRouter \(JSONFlaw.sentence(of: json))")
    }
    guard let models = document["data"].elements else {
      throw .unreadable("the answer of OpenRouter is no list of models")
    }
    var list = PriceList(source: "OpenRouter's list", provider: provider)
    for model in models {
      guard let id = model["id"].text else { continue }
      let name = ModelID(provider: provider, name: id)
      guard name.isPrintable else { continue }
      list.add(name, endsOn: model["expiration_date"].day) { () throws(ListedPriceFlaw) in
        try tariff(model["pricing"], allowFree: allowFree)
      }
    }
    return list
  }

  private static func tariff(
    _ pricing: ListedValue, allowFree: Bool
  ) throws(ListedPriceFlaw) -> Tariff {
    let prices = ListedPrices(values: pricing.members, allowFree: allowFree)
    try prices.refuseFee("request")
    var tariff = Tariff(
      input: try prices.required("prompt"), output: try prices.required("completion"),
      cachedInput: try prices.price("input_cache_read", zero: ListedPrices.isNone),
      cacheWrite: try prices.price("input_cache_write", zero: ListedPrices.isNone),
      imageInput: try prices.imagePrice("image", least: cheapestImage),
      imageOutput: try prices.imagePrice("image_output", least: cheapestImage))
    tariff.reasoning = try thinking(prices, unlike: tariff.output)
    switch pricing["overrides"] {
    case .nothing: return tariff
    case .list(let overrides):
      var conditions: [Tariff.Condition] = []
      for override in overrides {
        conditions.append(try condition(override, allowFree: allowFree))
      }
      return tariff.under(conditions)
    default: throw ListedPriceFlaw(reason: "its overrides cannot be read")
    }
  }

  /// Thinking that costs what the answer does has no price of its own: it goes with the answer's
  /// under every condition. Zero means the same; free thinking would be a price made by accident.
  private static func thinking(
    _ prices: ListedPrices, unlike output: String?
  ) throws(ListedPriceFlaw) -> String? {
    let price = try prices.price("internal_reasoning", zero: ListedPrices.isNone)
    return price == "0" || price == output ? nil : price
  }

  private static let ignoredKeys: Set = [
    "audio", "audio_output", "input_audio_cache", "web_search", "image", "image_token",
    "image_output", "input_cache_write_1h", "discount",
  ]
  private static let knownKeys: Set = [
    "min_prompt_tokens", "utc_start", "utc_end", "utc_days", "prompt", "completion",
    "input_cache_read", "input_cache_write", "internal_reasoning", "request",
  ]

  private static func condition(
    _ override: ListedValue, allowFree: Bool
  ) throws(ListedPriceFlaw) -> Tariff.Condition {
    let members = override.members.filter { !$0.value.isNothing }
    // What is not known may be a condition; without it, the price would be another one.
    if let key = members.keys.filter({ !ignoredKeys.union(knownKeys).contains($0) }).min() {
      throw ListedPriceFlaw(reason: "an override says \(key.prefix(40)), which is not known here")
    }
    let prices = ListedPrices(values: members, allowFree: allowFree)
    try prices.refuseFee("request")
    var condition = Tariff.Condition(
      input: try prices.price("prompt"), output: try prices.price("completion"),
      cachedInput: try prices.price("input_cache_read"),
      cacheWrite: try prices.price("input_cache_write"))
    condition.reasoning = try thinking(prices, unlike: condition.output)
    if let threshold = members["min_prompt_tokens"] {
      guard let threshold = threshold.count else {
        throw ListedPriceFlaw(reason: "the min_prompt_tokens of an override are no number")
      }
      condition.promptOver = threshold
    }
    if members["utc_start"] != nil || members["utc_end"] != nil {
      guard let from = clock(members["utc_start"]), let to = clock(members["utc_end"]) else {
        throw ListedPriceFlaw(reason: "the hours of an override cannot be read")
      }
      condition.hours = DailyHours(from: from, to: to)
    }
    if let days = members["utc_days"] {
      condition.days = try weekdays(days)
    }
    return condition
  }

  /// `1630` for 16:30.
  private static func clock(_ value: ListedValue?) -> ClockTime? {
    guard let number = value?.count, number % 100 < 60 else { return nil }
    return ClockTime(minute: number / 100 * 60 + number % 100)
  }

  private static func weekdays(_ value: ListedValue) throws(ListedPriceFlaw) -> [Int] {
    let days = value.elements?.map { $0.text.flatMap(weekday) } ?? []
    guard !days.isEmpty, !days.contains(nil) else {
      throw ListedPriceFlaw(reason: "the days of an override cannot be read")
    }
    return days.compactMap(\.self)
  }

  private static let weekdays = [
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
  ]

  /// From 1 for `monday` to 7 for `sunday`.
  private static func weekday(_ name: String) -> Int? {
    weekdays.firstIndex(of: name.lowercased()).map { $0 + 1 }
  }
}

extension Tariff {
  /// The same under those conditions, in the form in which tariffs are usually written: a single
  /// threshold is the long-prompt tier; of hours that cover the week between them, the first comes
  /// first, and the price beside them is the dearest, as the one listed is that of the moment at
  /// which the list was made.
  fileprivate func under(_ conditions: [Condition]) -> Tariff {
    var tariff = self
    if conditions.count == 1, let only = conditions.first, let threshold = only.promptOver,
      only.hours == nil, only.days == nil, only.reasoning == nil
    {
      tariff.longPrompt = LongPromptTier(
        threshold: threshold, input: only.input ?? input, output: only.output ?? output,
        cachedInput: only.cachedInput ?? cachedInput, cacheWrite: only.cacheWrite ?? cacheWrite)
      return tariff
    }
    guard !conditions.isEmpty else { return tariff }
    guard conditions.coverTheWeekOnce else {
      tariff.conditions = conditions
      return tariff
    }
    tariff.input = dearest(conditions.map(\.input), input)
    tariff.output = dearest(conditions.map(\.output), output)
    tariff.cachedInput = cachedInput.map { dearest(conditions.map(\.cachedInput), $0) }
    tariff.cacheWrite = cacheWrite.map { dearest(conditions.map(\.cacheWrite), $0) }
    // An hour that names no price of its own had the one of the moment.
    tariff.conditions = conditions.sorted { $0.first < $1.first }.map { condition in
      var condition = condition
      condition.input = condition.input ?? input
      condition.output = condition.output ?? output
      condition.cachedInput = condition.cachedInput ?? cachedInput
      condition.cacheWrite = condition.cacheWrite ?? cacheWrite
      return condition
    }
    return tariff
  }

  private func dearest(_ prices: [String?], _ price: String) -> String {
    // All of them have been read once.
    (prices.compactMap(\.self) + [price]).max {
      ((try? USD(parsing: $0)) ?? .zero) < ((try? USD(parsing: $1)) ?? .zero)
    } ?? price
  }
}

extension Tariff.Condition {
  fileprivate var first: (day: Int, minute: Int) { (days?.min() ?? 1, hours?.from.minute ?? 0) }
}

extension [Tariff.Condition] {
  /// Whether these are hours and days alone, and each minute of the week is in one of them.
  fileprivate var coverTheWeekOnce: Bool {
    allSatisfy { $0.promptOver == nil } && (1...7).allSatisfy(coverOnce(day:))
  }

  /// Whether the hours of that day begin where others end, all around it.
  private func coverOnce(day: Int) -> Bool {
    let hours = filter { $0.days?.contains(day) ?? true }
      .map { (from: $0.hours?.from.minute ?? 0, to: $0.hours?.to.minute ?? 0) }
      .sorted { $0.from < $1.from }
    return !hours.isEmpty
      && zip(hours, hours.dropFirst() + hours.prefix(1)).allSatisfy { earlier, later in
        earlier.to == later.from && (earlier.from != earlier.to || hours.count == 1)
      }
  }
}
