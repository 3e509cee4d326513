import Assistant
package import Foundation
package import GRDB
package import Ledger
package import Messaging
package import Metering
package import Software

/// A piece of work that a person has agreed to, or is being asked about: a row of `builds`. It goes
/// on by steps, whatever else the person does meanwhile.
package struct Build: Sendable {
  package enum Kind: String, Sendable, DatabaseValueConvertible {
    case new
    /// A change of a project that was delivered.
    case refinement
  }

  package enum State: String, Sendable, DatabaseValueConvertible {
    /// The planner works, or waits for the person's words.
    case asking
    /// There is a plan, which cannot be priced at the moment.
    case planned
    /// There is a plan and its price; the person decides.
    case quoted
    case running
    /// The step under way is the last before it is paused.
    case pausing
    case paused
    case delivering
    case delivered
    case stopped

    package var isOpen: Bool { self != .delivered && self != .stopped }
  }

  package enum PauseReason: String, Sendable, DatabaseValueConvertible {
    case asked
    case credits
    case cap
    /// The planner's next call may cost much of the balance.
    case mayCostMuch = "may_cost_much"
    case dailyLimit = "daily_limit"
    case lossBound = "loss_bound"
    case nothingIsSold = "nothing_is_sold"
    /// The model is not offered any more, or cannot be sold.
    case model
    /// The provider does not answer.
    case provider
    /// The planner's answers were no plan.
    case noPlan = "no_plan"
    case interrupted
    /// The file is a backup of a time at which it ran.
    case restored
    /// A mistake of ours.
    case fault
  }

  package var id: String
  package var userID: Int64
  package var projectID: String
  package var kind: Kind
  package var state: State
  package var pauseReason: PauseReason?
  package var idea: String
  package var questions: PlanQuestions?
  package var said = Said()
  package var plan: BuildPlan?
  /// Of plan and price: a button of an earlier one does nothing any more.
  package var version: Int
  /// Whether the next text of the person belongs to it.
  package var awaitsWords: Bool
  /// What the person has agreed to, for all of it.
  package var cap: Credits?
  package var quote: Quote?
  package var planner: ModelID?
  package var coder: ModelID?
  package var taskIndex: Int
  package var round: Int
  package var place: Place
  /// The message that shows how far it is.
  package var progressMessageID: Int64?
  package var createdAt: Date

  /// Where it is spoken of.
  package struct Place: Sendable, Equatable {
    package var channel: String
    package var chatID: Int64
    package var threadID: Int64?

    package init(channel: Channel, chatID: Int64, threadID: Int64?) {
      self.channel = channel.rawValue
      self.chatID = chatID
      self.threadID = threadID
    }
  }

  /// What the person has said of the idea.
  package struct Said: Sendable, Equatable, Codable {
    /// In the order of the questions; `nil` for what is not answered yet.
    package var answers: [String?] = []
    /// In their own words, the oldest first.
    package var words: [String] = []
    /// Of the planner's next call, where they were asked.
    package var consent: Consent?
  }

  /// What a call may cost at most, and whether the person has agreed to that.
  package struct Consent: Sendable, Equatable, Codable {
    package var micro: Int64
    package var isGiven = false
  }

  /// What it costs, all of it, with what it has cost so far.
  package struct Quote: Sendable, Equatable {
    package var low: Credits
    package var high: Credits
    package var cap: Credits
    /// By what expectations were multiplied, as earlier builds took more or less.
    package var factor: Double
  }
}

extension Build: FetchableRecord {
  package init(row: Row) throws {
    id = row["id"]
    userID = row["user_id"]
    projectID = row["project_id"]
    kind = row["kind"]
    state = row["state"]
    pauseReason = row["pause_reason"]
    idea = row["idea"]
    questions = try Self.decoded(row["questions"])
    said = try Self.decoded(row["answers"]) ?? Said()
    plan = try Self.decoded(row["plan"])
    version = row["version"]
    awaitsWords = row["awaits_words"]
    cap = row["cap_micro"]
    if let low: Credits = row["expected_low_micro"], let high: Credits = row["expected_high_micro"],
      let cap: Credits = row["quoted_cap_micro"]
    {
      quote = Quote(low: low, high: high, cap: cap, factor: row["quote_factor"] ?? 1)
    }
    planner = Self.model(row["planner_provider"], row["planner_model"])
    coder = Self.model(row["coder_provider"], row["coder_model"])
    taskIndex = row["task_index"]
    round = row["round"]
    place = Place(
      channel: Channel(rawValue: row["channel"]) ?? .telegram, chatID: row["chat_id"],
      threadID: row["thread_id"])
    progressMessageID = row["progress_message_id"]
    createdAt = row["created_at"]
  }

  private static func decoded<Value: Decodable>(_ json: String?) throws -> Value? {
    try json.map { try JSONDecoder().decode(Value.self, from: Data($0.utf8)) }
  }

  private static func model(_ provider: String?, _ name: String?) -> ModelID? {
    guard let provider, let name else { return nil }
    return ModelID(provider: ModelProvider(rawValue: provider), name: name)
  }

  /// Its mutable columns, in the order of `BuildService.save`.
  func columns() throws -> StatementArguments {
    [
      state, pauseReason, try Self.json(questions), try Self.json(said), try Self.json(plan),
      version, awaitsWords, cap, quote?.low, quote?.high, quote?.cap, quote?.factor,
      planner?.provider.rawValue,
      planner?.name, coder?.provider.rawValue, coder?.name, taskIndex, round, progressMessageID,
    ]
  }

  private static func json(_ value: (some Encodable)?) throws -> String? {
    guard let value else { return nil }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }
}

extension Build {
  /// How long an idea, and whatever is said of it at once, may be, in UTF-8 bytes.
  package static let maximumWords = 16_000

  /// What is done of it, in a word.
  package var doing: String { cap == nil ? "planning" : "building" }

  var topic: Topic? { place.threadID.map { Topic(chatID: place.chatID, threadID: $0) } }

  /// Every answer that was given, with its question.
  var answeredQuestions: [AnsweredQuestion] {
    guard let questions else { return [] }
    return zip(questions.questions, said.answers).compactMap { question, answer in
      answer.map { AnsweredQuestion(question: question.text, answer: $0) }
    }
  }

  /// The first question that waits for an answer.
  var openQuestion: Int? {
    guard let questions, plan == nil else { return nil }
    return questions.questions.indices.first {
      $0 >= said.answers.count || said.answers[$0] == nil
    }
  }

  /// What a call is made under.
  var agreement: StepRequest.Agreement {
    guard cap == nil else { return .withPrice }
    guard let consent = said.consent, consent.isGiven else { return .upTo(nil) }
    return .upTo(Credits(micro: consent.micro))
  }

  /// The buttons of before say nothing any more.
  mutating func pause(for reason: PauseReason) {
    state = .paused
    pauseReason = reason
    version += 1
  }

  /// Whether the engine goes on with it by itself.
  package var goesOn: Bool {
    switch state {
    case .asking: !awaitsWords
    case .running, .pausing, .delivering: true
    case .planned, .quoted, .paused, .delivered, .stopped: false
    }
  }

  var areTasksDone: Bool { taskIndex >= (plan?.tasks.count ?? 0) }
}
