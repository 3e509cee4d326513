import Foundation

/// What is fuzzed. The environment variable FUZZ names one of them, since libFuzzer has the command
/// line to itself.
private enum Target: String, CaseIterable {
  case update, gemini, openrouter, eventstream, configuration, renderer, markdown, money, prices
  case answer, plan

  static let chosen: Target = {
    let name = ProcessInfo.processInfo.environment["FUZZ"] ?? ""
    guard let target = Target(rawValue: name) else {
      fatalError("FUZZ must be one of \(allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return target
  }()

  func run(_ input: [UInt8]) {
    switch self {
    case .update: UpdateTarget.run(input)
    case .gemini: GeminiTarget.run(input)
    case .openrouter: OpenRouterTarget.run(input)
    case .eventstream: EventStreamTarget.run(input)
    case .configuration: ConfigurationTarget.run(input)
    case .renderer: RendererTarget.run(input)
    case .markdown: MarkdownTarget.run(input)
    case .money: MoneyTarget.run(input)
    case .prices: PricesTarget.run(input)
    case .answer: AnswerTarget.run(input)
    case .plan: BuildPlanTarget.run(input)
    }
  }
}

/// libFuzzer calls this with one input after the other. What traps or takes too long is a finding.
@c(LLVMFuzzerTestOneInput)
func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  Target.chosen.run(Array(UnsafeBufferPointer(start: bytes, count: count)))
  return 0
}

/// Traps where a promise is not kept, so that libFuzzer keeps the input.
func demand(
  _ isKept: Bool, _ promise: @autoclosure () -> String, file: StaticString = #file,
  line: UInt = #line
) {
  if !isKept { fatalError("\(promise())", file: file, line: line) }
}

extension String {
  /// Compared byte by byte: as characters, a text does not hold what is followed by an accent.
  func holds(_ other: String) -> Bool {
    Data(utf8).range(of: Data(other.utf8)) != nil
  }
}
