package import Assistant
import Foundation
import GRDB
import LanguageModels
package import Ledger
import Logging
package import Messaging
import Software
package import Workshop

/// Takes one step of a build after the other. What is next follows from the rows alone, so that a
/// kill between any two steps loses nothing.
package struct BuildDriver: Sendable {
  package struct Environment: Sendable {
    package var orchestrator: ModelOrchestrator
    package var writer: LedgerWriter
    package var outbox: Outbox
    package var workshop: Workshop
    package var terms: BillingTerms
    package var repairs: RepairTerms
    package var underWay: StepsUnderWay

    package init(
      orchestrator: ModelOrchestrator, writer: LedgerWriter, outbox: Outbox, workshop: Workshop,
      terms: BillingTerms, repairs: RepairTerms, underWay: StepsUnderWay
    ) {
      self.orchestrator = orchestrator
      self.writer = writer
      self.outbox = outbox
      self.workshop = workshop
      self.terms = terms
      self.repairs = repairs
      self.underWay = underWay
    }
  }

  let environment: Environment

  package init(_ environment: Environment) {
    self.environment = environment
  }

  var writer: LedgerWriter { environment.writer }
  var messages: BuildMessages {
    BuildMessages(
      outbox: environment.outbox, offers: environment.orchestrator.offers)
  }

  /// How often a step is tried again by itself where the provider has not answered, and how long
  /// after.
  private static let retries: [Duration] = [.seconds(5), .seconds(30)]
  /// A step during which the process ended that often is not begun again by itself.
  private static let mostCutOff = 2

  /// Takes the next step.
  ///
  /// - Parameter isFirst: Whether an earlier life of the process may have left one unfinished.
  /// - Returns: Whether there may be another one.
  func step(of id: String, isFirst: Bool) async -> Bool {
    var before: Situation?
    do {
      if isFirst, try await !clearUp(id) { return false }
      guard let situation = try await situation(of: id) else { return false }
      before = situation
      return try await take(situation.next, situation)
    } catch let refusal as StepRefusal {
      return await pause(id, because: refusal)
    } catch is ChangedMeanwhile {
      let now = try? await situation(of: id)
      guard now?.mark == before?.mark else { return true }
      Logger.current.error("A build cannot go on: nothing fits its state.")
      return await pause(id, for: .fault)
    } catch let error as DatabaseError where error.mayPass && Task.isCancelled {
      Logger.current.warning(
        "A build is left to the next start.", metadata: ["error": "\(error.advice)"])
      return false
    } catch {
      Logger.current.error("A build cannot go on.", metadata: ["error": "\(error)"])
      return await pause(id, for: .fault)
    }
  }

  private func take(_ next: Next, _ situation: Situation) async throws -> Bool {
    switch next {
    case .call(let kind): return try await call(kind, situation)
    case .check: return try await check(situation)
    case .endTask(let end): return try await endTask(as: end, situation)
    case .deliver: return try await deliver(situation)
    case .pause:
      return await pause(situation.build.id, for: .asked)
    case .nothing: return false
    }
  }

  /// A press, or an erasure, was quicker.
  struct ChangedMeanwhile: Error {}

  private func situation(of id: String) async throws -> Situation? {
    let languages = (try? await environment.workshop.languages()) ?? []
    return try await writer.read(for: "going on with a build") { tx in
      guard let build = try tx.builds.find(id) else { return nil }
      return Situation(
        build: build, steps: try tx.builds.steps(of: id),
        files: try tx.builds.files(ofProject: build.projectID),
        earlierPlan: build.kind == .refinement
          ? try tx.builds.newestPlan(ofProject: build.projectID) : nil,
        languages: languages)
    }
  }

  // MARK: - What an earlier life has left

  /// Ends what was under way when the process ended.
  ///
  /// - Returns: Whether the build goes on by itself.
  private func clearUp(_ id: String) async throws -> Bool {
    let left = try await writer.read(for: "going on with a build") { tx in
      try tx.builds.steps(of: id).filter { $0.state == .begun }
    }
    for step in left { try await environment.orchestrator.clearUp(work: step.work) }
    guard !left.isEmpty else { return true }
    let last = try await writer.write(for: "going on with a build") { tx in
      for step in left { try tx.builds.end(step, as: .cutOff) }
      return try tx.builds.steps(of: id).suffix(Self.mostCutOff)
    }
    guard last.count == Self.mostCutOff, last.allSatisfy({ $0.state == .cutOff }) else {
      return true
    }
    return await pause(id, for: .interrupted)
  }

  // MARK: - Pauses

  private func pause(_ id: String, because refusal: StepRefusal) async -> Bool {
    switch refusal {
    case .ending: return false
    case .nothingIsSold: return await pause(id, for: .nothingIsSold)
    case .unsellable(let error):
      await environment.orchestrator.report(unsellable: error)
      return await pause(id, for: .model)
    case .lossBound: return await pause(id, for: .lossBound)
    case .credits(let shortfall): return await pause(id, for: .credits, shortfall: shortfall)
    case .dailyLimit: return await pause(id, for: .dailyLimit)
    case .cap(let shortfall): return await pause(id, for: .cap, shortfall: shortfall)
    case .ask(let most): return await pause(id, for: .mayCostMuch, asking: most)
    }
  }

  /// Nothing is changed where somebody was quicker.
  ///
  /// - Returns: False, as nothing follows by itself.
  func pause(
    _ id: String, for reason: Build.PauseReason, shortfall: Credits? = nil,
    asking most: Credits? = nil
  ) async -> Bool {
    do {
      try await writer.write(for: "pausing a build", endlessly: true) { tx in
        guard var build = try tx.builds.find(id), build.goesOn else { return }
        build.pause(for: reason)
        if let most { build.said.consent = Build.Consent(micro: most.micro) }
        try tx.builds.save(build)
        try messages.showProgress(build, nil, in: tx)
        try messages.tellOfPause(build, shortfall: shortfall, in: tx)
      }
    } catch {
      writer.complain(of: error, doing: "pausing a build", wait: .zero)
    }
    return false
  }

  /// After a call that brought nothing.
  func retry(after failure: LanguageModelError, _ situation: Situation) async -> Bool {
    let failures = situation.steps.reversed().prefix { $0.state == .failed }.count
    guard failure.reason.mayPass, failures < Self.retries.count else {
      return await pause(situation.build.id, for: .provider)
    }
    await writer.sleep(Self.retries[failures])
    return !Task.isCancelled
  }
}

extension LanguageModelError.Reason {
  /// Whether the same call may succeed in a minute.
  fileprivate var mayPass: Bool {
    switch self {
    case .timedOut, .unreachable, .connectionLost, .rateLimited, .providerFailed,
      .providerOverloaded, .emptyAnswer, .answerMalformed:
      true
    default: false
    }
  }
}
