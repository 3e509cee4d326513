import Software

/// A build as it stands, and what is next.
struct Situation: Sendable {
  var build: Build
  var steps: [BuildStep]
  var files: ProjectFiles
  /// What the project was built by before.
  var earlierPlan: BuildPlan?
  /// What the workshop has; empty where nothing can be run.
  var languages: [String]

  /// Rounds of repairs of a task, after which the planner decides.
  static let mostRounds = 3
}

enum Next: Sendable, Equatable {
  case call(BuildStep.Kind)
  case check
  case endTask(TaskEnd)
  case deliver
  case pause
  /// The person's turn, or nobody's.
  case nothing
}

extension Situation {
  /// Another one after each change.
  var mark: [Int] {
    [build.version, steps.count, build.taskIndex, build.awaitsWords ? 1 : 0]
      + [build.state.rawValue.hashValue]
  }

  var next: Next {
    switch build.state {
    case .asking: build.awaitsWords ? .nothing : nextQuestion
    case .running: nextOfTask
    case .pausing: .pause
    case .delivering: .deliver
    case .planned, .quoted, .paused, .delivered, .stopped: .nothing
    }
  }

  private var nextQuestion: Next {
    if let last = lastDone, !last.passed {
      // What was no plan is mended once.
      if [.plan, .change].contains(last.kind) { return .call(.planRepair) }
    }
    if build.plan != nil { return .call(.change) }
    return .call(build.questions == nil && build.kind == .new ? .questions : .plan)
  }

  private var nextOfTask: Next {
    guard !build.areTasksDone else { return .call(.review) }
    guard let last = lastOfTask else { return .call(isReviewed ? .mend : .write) }
    switch last.kind {
    case .write, .mend, .repair:
      guard last.passed else { return afterFailure(inRound: last.round) }
      return mayRun ? .check : .endTask(.unchecked)
    case .check: return last.passed ? .endTask(.done) : afterFailure(inRound: last.round)
    default: return last.passed ? .call(.repair) : .endTask(.leftOpen)
    }
  }

  private func afterFailure(inRound round: Int) -> Next {
    if round < Self.mostRounds { return .call(.repair) }
    return round == Self.mostRounds ? .call(.decision) : .endTask(.leftOpen)
  }

  private var mayRun: Bool { !languages.isEmpty && task?.command.isEmpty == false }

  var task: BuildPlan.PlannedTask? {
    guard let plan = build.plan, plan.tasks.indices.contains(build.taskIndex) else { return nil }
    return plan.tasks[build.taskIndex]
  }

  /// The last step that brought something.
  var lastDone: BuildStep? { steps.last { $0.state == .done && $0.kind != .goOn } }

  /// Of those that belong to the task at hand.
  var lastOfTask: BuildStep? {
    steps.last { step in
      step.state == .done && step.task == build.taskIndex && step.kind.belongsToTask
    }
  }

  /// How each task has ended so far.
  var ends: [Int: TaskEnd] { BuildStep.ends(in: steps) }

  private var isReviewed: Bool { steps.contains { $0.kind == .review && $0.state == .done } }

  /// What the look at the whole has found.
  var findings: [String] {
    guard let review = steps.last(where: { $0.kind == .review && $0.state == .done }) else {
      return []
    }
    return review.outcome.split(separator: "\n").filter { $0.hasPrefix("- ") }
      .map { String($0.dropFirst(2)) }
  }

  /// The tasks that were left open so far.
  var openTasks: Set<Int> { Set(ends.filter { $0.value == .leftOpen }.keys) }

  /// What the planner has advised after the last decision.
  var advice: String? {
    guard let last = lastOfTask, last.kind == .decision, last.passed else { return nil }
    return last.outcome
  }

  /// Why the task at hand is not done.
  var failure: TaskFailure {
    let failed = steps.last { $0.state == .done && !$0.passed && $0.task == build.taskIndex }
    guard let failed else { return .command(ending: "", output: "") }
    guard failed.kind != .check else {
      return .command(ending: failed.endingOfCheck, output: failed.outputOfCheck)
    }
    do throws(SoftwareError) {
      var files = files
      let answer = try StepAnswer(parsing: failed.outcome, isCutOff: true)
      try files.apply(answer.changes)
      return .brokeOff(answer.unfinished ?? "")
    } catch {
      return .answer(failed.outcome, error)
    }
  }
}

extension BuildStep {
  static func ends(in steps: [BuildStep]) -> [Int: TaskEnd] {
    var ends: [Int: TaskEnd] = [:]
    for step in steps where step.kind == .taskEnd {
      ends[step.task] = TaskEnd(rawValue: step.outcome)
    }
    return ends
  }

  var endingOfCheck: String {
    String(outcome.prefix { $0 != "\n" })
  }

  var outputOfCheck: String { String(outcome.drop { $0 != "\n" }.dropFirst()) }
}

extension BuildStep.Kind {
  var belongsToTask: Bool {
    switch self {
    case .write, .mend, .check, .repair, .decision: true
    case .questions, .plan, .change, .planRepair, .taskEnd, .review, .goOn: false
    }
  }
}

extension BuildPlan {
  /// Why the answer is no plan.
  static func error(in answer: String) -> SoftwareError {
    do throws(SoftwareError) {
      _ = try BuildPlan(parsing: answer)
      return .noJSON
    } catch {
      return error
    }
  }
}
