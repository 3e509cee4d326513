import Assistant
import Foundation
import LanguageModels
import Ledger
import Metering
import Testing
import TestSupport

/// Draws that follow from a seed and from what they are for, whichever thread asks first.
struct Chance: Sendable {
  let seed: UInt64

  /// A number from 0 to `bound` - 1.
  func draw(_ bound: Int, for purpose: String) -> Int {
    var hash = seed ^ 0xcbf2_9ce4_8422_2325  // FNV-1a, then the last steps of SplitMix64.
    for byte in purpose.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    hash = (hash ^ (hash >> 30)) &* 0xbf58_476d_1ce4_e5b9
    hash = (hash ^ (hash >> 27)) &* 0x94d0_49bb_1331_11eb
    return Int((hash ^ (hash >> 31)) % UInt64(bound))
  }
}

/// A paid request, and what the provider does with it. All follows from its name.
struct Question: Sendable {
  enum Fate: Sendable, Equatable {
    case answered
    /// The first key that is used is at its limit; another may do.
    case busyKey
    case refused(status: Int)
    case reset
    case cutOff
    case empty
  }

  /// Whose and which: `17-23`.
  let name: String
  let task: TaskType
  let fate: Fate
  let inputTokens: Int
  let outputTokens: Int

  init(_ name: String, _ chance: Chance) {
    self.name = name
    task = TaskType.allCases[chance.draw(TaskType.allCases.count, for: "task \(name)")]
    inputTokens = 1 + chance.draw(1_500, for: "input \(name)")
    outputTokens = 1 + chance.draw(400, for: "output \(name)")
    switch chance.draw(100, for: "fate \(name)") {
    case 0..<6: fate = .busyKey
    case 6..<10: fate = .refused(status: 500)
    case 10..<14: fate = .refused(status: 503)
    case 14..<17: fate = .refused(status: 402)
    case 17..<21: fate = .reset
    case 21..<25: fate = .cutOff
    case 25..<28: fate = .empty
    default: fate = .answered
    }
  }

  /// The one that a provider is asked, found in the request by its name: what was said before comes
  /// first there.
  init?(in request: LoopbackRequest, _ chance: Chance) {
    guard let mark = request.body.range(of: Data("Question ".utf8), options: .backwards) else {
      return nil
    }
    let name = request.body[mark.upperBound...].prefix { $0 == 0x2D || 0x30...0x39 ~= $0 }
    self.init(String(decoding: name, as: UTF8.self), chance)
  }

  /// Or else OpenRouter.
  private var isForGemini: Bool { task == .chat || task == .coding }

  static func models() throws -> ModelAssignment {
    let gemini = try #require(ModelID(parsing: BotRig.flash))
    let openRouter = try #require(ModelID(parsing: BotRig.sonnet))
    return ModelAssignment(
      chat: gemini, planning: openRouter, coding: gemini, verification: openRouter)
  }

  /// What a person writes.
  var text: String {
    switch task {
    case .chat: "Question \(name)"
    case .planning: "/plan Question \(name)"
    case .coding: "/code Question \(name)"
    case .verification: "/verify Question \(name)"
    }
  }

  var answer: String { fate == .empty ? "" : "Answer \(name).\n- [ ] to be done" }

  /// In nano-dollars: 0.30 and 2.50 USD per million tokens, or 2 and 10.
  var cost: Int64 {
    isForGemini
      ? Int64(300 * inputTokens + 2_500 * outputTokens)
      : Int64(2_000 * inputTokens + 10_000 * outputTokens)
  }

  /// At a markup of 1.5, where a credit is worth 0.01 USD: 0.15 micro-credits a nano-dollar.
  var charge: Int64 { (cost * 15 + 99) / 100 }

  /// Whether the call may have cost something although it brought no answer.
  var isHouseLoss: Bool { fate == .reset || fate == .cutOff || fate == .empty }
}

/// What a person asks of the bot.
enum CrowdRequest: Sendable {
  case command(String, opening: String)
  case question(Question)
  /// A press of the latest button in the chat.
  case press

  /// Whether the text is what the person should read.
  func isAnswered(by text: String) -> Bool {
    switch self {
    case .command(_, let opening): text.hasPrefix(opening)
    case .question(let question):
      switch question.fate {
      case .answered: Self.answers(question, text)
      case .busyKey: Self.answers(question, text) || Self.saysItFailed(text)
      default: Self.saysItFailed(text)
      }
    case .press: false
    }
  }

  static func answers(_ question: Question, _ text: String) -> Bool {
    let cost = Credits(micro: question.charge).text
    let answer = question.answer.replacing("- [ ]", with: "☐")
    return text.hasPrefix(answer) && text.contains("\nCost: \(cost) credits · Left: ")
  }

  private static func saysItFailed(_ text: String) -> Bool {
    text.hasSuffix(" It cost you nothing.") && !text.contains("Answer")
  }
}

/// People who all write at once, in waves.
struct Crowd: Sendable {
  static let people = 64
  static let waves = 5
  static let requestsPerWave = 10
  static let requests = people * waves * requestsPerWave

  let chance: Chance

  static func userID(of person: Int) -> Int64 { 1_000 + Int64(person) }

  /// What the person asks in that wave, in order.
  func requests(of person: Int, inWave wave: Int) -> [CrowdRequest] {
    let first = wave * Self.requestsPerWave
    return (first..<first + Self.requestsPerWave).map { request(number: $0, of: person) }
  }

  private func request(number: Int, of person: Int) -> CrowdRequest {
    let name = "\(person)-\(number)"
    let history = CrowdRequest.command("/history", opening: "Your projects, newest first, and")
    switch number {
    case 0: return .command("/start", opening: "Welcome, Ada!")
    case 1: return history
    default: break
    }
    switch chance.draw(100, for: "request \(name)") {
    case 0..<8: return .command("/credits", opening: "Your balance is ")
    case 8..<16: return .command("/status", opening: "Balance: ")
    case 16..<22: return .command("/projects", opening: "Your projects, newest first:\n")
    case 22..<28: return history
    case 28..<40: return .press
    default: return .question(Question(name, chance))
    }
  }
}
