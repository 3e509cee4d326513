import Assistant
import Foundation
import KillPoints
import LanguageModels
import Ledger
import Logging
import Messaging
import Metering
import Software

/// The steps that a model takes: held, made and settled, each with what becomes of its answer.
extension BuildDriver {
  func call(_ kind: BuildStep.Kind, _ situation: Situation) async throws -> Bool {
    let build = situation.build
    let order = try await order(kind, situation)
    let step = BuildStep(
      buildID: build.id, number: (situation.steps.last?.number ?? 0) + 1, kind: kind,
      task: build.taskIndex, round: order.round, state: .begun, holdID: nil, outcome: "",
      passed: false, createdAt: writer.now)
    let request = StepRequest(
      userID: build.userID, projectID: build.projectID, buildID: build.id, work: step.work,
      task: order.task, model: order.model, prompt: order.prompt,
      minimumOutputTokens: order.minimumOutputTokens, markup: order.markup,
      agreement: build.agreement)
    environment.underWay.begin(build.id)
    defer { environment.underWay.end(build.id) }
    let call = try await environment.orchestrator.begin(request) { [messages] hold, tx in
      guard var fresh = try tx.builds.find(build.id), fresh.state == build.state,
        fresh.version == build.version
      else { throw ChangedMeanwhile() }
      var begun = step
      begun.holdID = hold.id
      try tx.builds.insert(begun)
      fresh.round = order.round
      if order.isPlanners { fresh.planner = order.model } else { fresh.coder = order.model }
      try tx.builds.save(fresh)
      try messages.showProgress(fresh, .call(kind), in: tx)
    }
    KillPoint.stepBegun.passed()
    do {
      let answer = try await answer(call, of: build.id)
      KillPoint.stepAnswered.passed()
      return try await settle(call, with: answer, step, mayRun: !situation.languages.isEmpty)
    } catch let failure as LanguageModelError {
      return try await void(call, because: failure, step, situation)
    }
  }

  private func answer(
    _ call: StepCall, of id: String
  ) async throws(LanguageModelError) -> Answer {
    try await environment.orchestrator.answer(call) { stop in
      environment.underWay.onStop(of: id, stop)
    }
  }

  private func settle(
    _ call: StepCall, with answer: Answer, _ step: BuildStep, mayRun: Bool
  ) async throws -> Bool {
    let (settlement, goesOn) = try await writer.write(for: "settling a step") { tx in
      let settlement = try environment.orchestrator.settle(call, with: answer, in: tx)
      let goesOn = try take(answer, of: step, mayRun: mayRun, in: tx)
      KillPoint.stepSettled.passed()
      return (settlement, goesOn)
    }
    await environment.orchestrator.report(settlement, answer, of: call)
    return goesOn
  }

  private func void(
    _ call: StepCall, because failure: LanguageModelError, _ step: BuildStep,
    _ situation: Situation
  ) async throws -> Bool {
    await environment.orchestrator.report(failure, of: call)
    let isStopped = try await writer.write(for: "voiding a step") { tx in
      try environment.orchestrator.void(call, because: failure, in: tx)
      try tx.builds.end(step, as: failure.reason == .cancelled ? .cutOff : .failed)
      return try tx.builds.find(step.buildID)?.state.isOpen != true
    }
    guard !isStopped, failure.reason != .cancelled else { return false }
    // Somebody was quicker: what they have asked for is next.
    guard failure.reason != .stopped else { return true }
    return await retry(after: failure, situation)
  }

  /// What becomes of an answer, in the transaction that charges for it.
  ///
  /// - Returns: Whether the build goes on by itself.
  private func take(
    _ answer: Answer, of step: BuildStep, mayRun: Bool, in tx: LedgerTransaction
  ) throws -> Bool {
    guard var build = try tx.builds.find(step.buildID), build.state.isOpen else {
      // It was stopped: what was written until then is charged for, and not used.
      try tx.builds.end(step, as: .failed)
      return false
    }
    // It was for this call alone.
    build.said.consent = nil
    guard answer.ending != .stopped else {
      try tx.builds.save(build)
      // It is paid for, and of no use: whoever stopped it has said what is next.
      try tx.builds.end(step, as: .failed)
      return true
    }
    let brought: Brought
    switch step.kind {
    case .questions: brought = try takeQuestions(answer.text, &build, in: tx)
    case .plan, .change, .planRepair:
      brought = try takePlan(answer.text, step, &build, mayRun, in: tx)
    case .write, .mend, .repair: brought = try takeFiles(answer, build, in: tx)
    case .decision: brought = decide(answer.text, &build)
    case .review: brought = review(answer.text, &build)
    case .check, .taskEnd, .goOn: preconditionFailure("no model takes that step")
    }
    try tx.builds.end(step, as: .done, outcome: brought.outcome, passed: brought.passed)
    try tx.builds.save(build)
    return true
  }

  /// What a step has brought, as its row keeps it.
  struct Brought {
    var outcome = ""
    var passed = true
  }

  /// What cannot be read asks nothing.
  private func takeQuestions(
    _ text: String, _ build: inout Build, in tx: LedgerTransaction
  ) throws -> Brought {
    let questions = (try? PlanQuestions(parsing: text)) ?? PlanQuestions(questions: [])
    build.questions = questions
    build.said.answers = questions.questions.map { _ in nil }
    guard !questions.questions.isEmpty else { return Brought() }
    build.awaitsWords = true
    try messages.ask(build, in: tx)
    return Brought()
  }

  private func takePlan(
    _ text: String, _ step: BuildStep, _ build: inout Build, _ mayRun: Bool,
    in tx: LedgerTransaction
  ) throws -> Brought {
    do throws(SoftwareError) {
      build.plan = try BuildPlan(parsing: text)
    } catch {
      guard step.kind == .planRepair else {
        // The repair has both before it.
        return Brought(outcome: text, passed: false)
      }
      build.pause(for: .noPlan)
      try messages.tellOfPause(build, in: tx)
      return Brought(outcome: error.sentence, passed: false)
    }
    if !mayRun { build.plan = build.plan?.withoutChecks }
    if build.kind == .refinement, let earlier = try tx.builds.newestPlan(ofProject: build.projectID)
    {
      build.plan = build.plan?.keepingFiles(of: earlier)
    }
    build.taskIndex = 0
    build.awaitsWords = false
    try propose(&build, in: tx)
    return Brought()
  }

  /// All of the changes that are whole, or none. What broke off is no file.
  private func takeFiles(
    _ answer: Answer, _ build: Build, in tx: LedgerTransaction
  ) throws -> Brought {
    var files = try tx.builds.files(ofProject: build.projectID)
    let step: StepAnswer
    do throws(SoftwareError) {
      step = try StepAnswer(parsing: answer.text, isCutOff: answer.ending != .complete)
      try files.apply(step.changes)
    } catch {
      return Brought(outcome: answer.text, passed: false)
    }
    try tx.builds.keep(files, ofProject: build.projectID)
    guard step.unfinished == nil else { return Brought(outcome: answer.text, passed: false) }
    return Brought(outcome: step.note)
  }

  private func decide(_ text: String, _ build: inout Build) -> Brought {
    switch try? FailureDecision(parsing: text) {
    case .anotherWay(let words, let command)?:
      if let command { build.plan?.tasks[build.taskIndex].command = command }
      return Brought(outcome: words)
    case .leaveOpen(let reason)?: return Brought(outcome: reason, passed: false)
    case nil: return Brought(passed: false)
    }
  }

  /// What it finds is mended as a task of its own, which comes last.
  private func review(_ text: String, _ build: inout Build) -> Brought {
    guard let review = try? PlanReview(parsing: text) else {
      build.state = .delivering
      return Brought()
    }
    if review.isApproved { build.state = .delivering }
    if !review.isApproved, var plan = build.plan {
      plan.tasks.append(
        BuildPlan.PlannedTask(
          title: "Mend what the last look found", files: [],
          outcome: review.findings.joined(separator: " "), command: plan.testCommandHere))
      build.plan = plan
    }
    let findings = review.findings.map { "- \($0.replacing("\n", with: " "))" }
    return Brought(
      outcome: ([review.summary] + findings).filter { !$0.isEmpty }.joined(separator: "\n"),
      passed: review.isApproved)
  }
}

extension BuildPlan {
  /// The command that shows that all of it still works; empty where nothing is run.
  fileprivate var testCommandHere: String {
    guard tasks.contains(where: { !$0.command.isEmpty }) else { return "" }
    return testCommand.isEmpty ? tasks.last { !$0.command.isEmpty }?.command ?? "" : testCommand
  }
}
