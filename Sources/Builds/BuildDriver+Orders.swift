import Assistant
import LanguageModels
import Ledger
import Messaging
import Metering
import Software

extension BuildDriver {
  /// What a model is asked for in a step.
  struct Order: Sendable {
    var task: TaskType
    var model: ModelID
    var prompt: Prompt
    var minimumOutputTokens: Int
    /// `nil` for that of the settings.
    var markup: String?
    var round = 0

    var isPlanners: Bool { task == .planning }
  }

  /// - Throws: `StepRefusal.unsellable` if the model is not offered any more.
  func order(_ kind: BuildStep.Kind, _ situation: Situation) async throws -> Order {
    let build = situation.build
    let task: TaskType = kind.isPlanners ? .planning : .coding
    let chosen = kind.isPlanners ? build.planner : build.coder
    let model = try await writer.read(for: "choosing a model") { tx in
      guard let chosen else {
        return try environment.orchestrator.model(for: task, ofAccount: build.userID, in: tx)
      }
      guard try environment.orchestrator.offered.all(for: task, in: tx).contains(chosen) else {
        throw StepRefusal.unsellable(.noActivePrice(chosen))
      }
      return chosen
    }
    let words = try self.prompt(for: kind, situation)
    let size = OutputSize(kind, situation)
    let prompt = Prompt(
      system: words.system,
      messages: [Prompt.Message(.user, stable: words.stable, words.changing)],
      maximumOutputTokens: size.most, schema: words.schema)
    return Order(
      task: task, model: model, prompt: prompt, minimumOutputTokens: size.least,
      markup: markup(of: kind), round: round(of: kind, situation))
  }

  /// The person does not pay for the mistakes of a model as for its work.
  private func markup(of kind: BuildStep.Kind) -> String? {
    switch kind {
    case .repair, .decision, .mend: environment.repairs.markup(under: environment.terms)
    case .planRepair: RepairTerms.free.markup(under: environment.terms)
    default: nil
    }
  }

  private func round(of kind: BuildStep.Kind, _ situation: Situation) -> Int {
    let last = situation.lastOfTask?.round ?? 0
    return kind == .repair ? last + 1 : kind == .write || kind == .mend ? 0 : last
  }

  private func prompt(for kind: BuildStep.Kind, _ situation: Situation) throws -> StepPrompt {
    let build = situation.build
    let (idea, files, languages) = (build.wholeIdea, situation.files, situation.languages)
    switch kind {
    case .questions: return .questions(idea: idea, languages: languages)
    case .plan:
      guard build.kind == .refinement, let earlier = situation.earlierPlan else {
        return .plan(idea: idea, answers: build.answeredQuestions, languages: languages)
      }
      return .refinement(
        idea: build.idea, plan: earlier, files: files,
        words: build.said.words.joined(separator: "\n\n"), languages: languages)
    case .planRepair:
      let answer = situation.lastDone?.outcome ?? ""
      return .repairJSON(of: answer, error: BuildPlan.error(in: answer), schema: BuildPlan.schema)
    default: break
    }
    guard let plan = build.plan else { throw ChangedMeanwhile() }
    let open = situation.openTasks
    switch kind {
    case .change:
      return .planChange(
        idea: build.idea, plan: plan, words: build.said.words.last ?? "", languages: languages)
    case .repair:
      return .repair(
        idea: idea, plan: plan, taskIndex: build.taskIndex, files: files,
        failure: situation.failure, round: (situation.lastOfTask?.round ?? 0) + 1,
        advice: situation.advice, openTasks: open)
    case .decision:
      return .decision(
        idea: idea, plan: plan, taskIndex: build.taskIndex, files: files,
        failure: situation.failure, rounds: Situation.mostRounds, openTasks: open)
    case .review: return .review(idea: idea, plan: plan, files: files, openTasks: open)
    case .mend:
      return .mending(
        idea: idea, plan: plan, findings: situation.findings, files: files, openTasks: open)
    default:
      return .task(
        idea: idea, plan: plan, taskIndex: build.taskIndex, files: files, openTasks: open)
    }
  }
}

extension BuildDriver.Environment {
  /// Which models of those that the person has chosen, or of the defaults, are gone, and which work
  /// in their places: to be said with the plan.
  func noteOfMissingModels(_ build: Build, in tx: LedgerTransaction) throws -> String? {
    func change(_ task: TaskType, _ model: ModelID?) throws -> (absence: String, model: ModelID)? {
      guard let model else { return nil }
      let absence = try orchestrator.absence(
        replacedBy: model, for: task, ofAccount: build.userID, in: tx)
      return absence.map { ($0, model) }
    }
    let planner = try change(.planning, build.planner)
    let coder = try change(.coding, build.coder)
    let parts: [String]
    if let planner, let coder, planner == coder {
      parts = ["\(planner.absence), so \(planner.model) has planned this and would write it"]
    } else {
      parts = [
        planner.map { "\($0.absence), so \($0.model) has planned this" },
        coder.map { "\($0.absence), so \($0.model) would write this" },
      ].compactMap(\.self)
    }
    return parts.isEmpty ? nil : "(\(parts.joined(separator: "; ")); /model shows what there is.)"
  }
}

extension BuildStep.Kind {
  /// Whether the planner takes it; the others are the coder's, or the workshop's.
  var isPlanners: Bool {
    switch self {
    case .questions, .plan, .change, .planRepair, .decision, .review: true
    case .write, .mend, .check, .repair, .taskEnd, .goOn: false
    }
  }
}

extension Build {
  /// The idea with what was said of it before there was a plan.
  var wholeIdea: String {
    kind == .refinement ? idea : ([idea] + said.words).joined(separator: "\n\n")
  }
}

/// How long the answer to a step may get, and must be able to get, in tokens, beside thoughts for
/// the latter.
struct OutputSize: Equatable {
  var most: Int
  var least: Int

  /// What a step of each kind may write at most, thoughts included.
  static let mostOfFiles = 32_768

  init(_ kind: BuildStep.Kind, _ situation: Situation) {
    switch kind {
    case .questions: self.init(most: 4_096, least: 512)
    case .plan, .change, .planRepair: self.init(most: 16_384, least: 3_072)
    case .decision: self.init(most: 4_096, least: 512)
    case .review: self.init(most: 6_144, least: 1_024)
    case .repair, .mend: self.init(most: 16_384, least: 2_048)
    case .write, .check, .taskEnd, .goOn:
      self.init(writing: situation.build.plan, task: situation.build.taskIndex)
    }
  }

  /// Twice what is expected may come; for less than that, no call is made, as half a file is no
  /// use.
  init(writing plan: BuildPlan?, task: Int) {
    let expected = plan.map { $0.expectedOutputTokens(task: task) } ?? 2_048
    self.init(
      most: min(Self.mostOfFiles, max(6_144, 2 * expected + 4_096)),
      least: min(Self.mostOfFiles / 2, max(1_024, expected)))
  }

  private init(most: Int, least: Int) {
    self.most = most
    self.least = least
  }
}
