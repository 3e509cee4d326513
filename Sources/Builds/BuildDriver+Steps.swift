import Assistant
import Foundation
import KillPoints
import Ledger
import Logging
import Messaging
import Software
import TelegramBotAPI
import Workshop

/// The steps that no model takes.
extension BuildDriver {
  /// Runs the command of the task over the files, in the workshop.
  func check(_ situation: Situation) async throws -> Bool {
    let build = situation.build
    guard let task = situation.task else { return true }
    let step = BuildStep(
      buildID: build.id, number: (situation.steps.last?.number ?? 0) + 1, kind: .check,
      task: build.taskIndex, round: situation.lastOfTask?.round ?? 0, state: .begun, holdID: nil,
      outcome: "", passed: false, createdAt: writer.now)
    try await writer.write(for: "beginning a check") { tx in
      guard let fresh = try tx.builds.find(build.id), fresh.state == build.state else {
        throw ChangedMeanwhile()
      }
      try tx.builds.insert(step)
      try messages.showProgress(fresh, .check, in: tx)
    }
    KillPoint.checkBegun.passed()
    let run = WorkshopRun(
      files: situation.files.contents.map { WorkshopFile(path: $0.text, bytes: Array($1.utf8)) },
      command: task.command)
    let result: Result<WorkshopResult, WorkshopError>
    do throws(WorkshopError) {
      result = .success(try await environment.workshop.run(run))
    } catch {
      result = .failure(error)
    }
    return try await keep(result, of: step)
  }

  private func keep(
    _ result: Result<WorkshopResult, WorkshopError>, of step: BuildStep
  ) async throws -> Bool {
    if case .failure(.cancelled) = result {
      try await writer.write(for: "ending a check") { try $0.builds.end(step, as: .cutOff) }
      return false
    }
    return try await writer.write(for: "ending a check") { tx in
      guard let build = try tx.builds.find(step.buildID), build.state.isOpen else {
        // It was stopped, or even erased: nothing is kept of what the program has written.
        try tx.builds.end(step, as: .failed)
        return false
      }
      switch result {
      case .success(let result):
        try tx.builds.end(
          step, as: .done, outcome: "\(result.endingInWords)\n\(result.output)",
          passed: result.passed)
      case .failure(let error):
        // What the workshop cannot do is no fault of the program's.
        Logger.current.warning("A check could not be run.", metadata: ["error": "\(error)"])
        try tx.builds.end(step, as: .failed)
        try endTask(of: build, as: .unchecked, in: tx)
      }
      return true
    }
  }

  func endTask(as end: TaskEnd, _ situation: Situation) async throws -> Bool {
    try await writer.write(for: "ending a task") { tx in
      guard let build = try tx.builds.find(situation.build.id),
        build.state == situation.build.state, build.taskIndex == situation.build.taskIndex
      else { throw ChangedMeanwhile() }
      try endTask(of: build, as: end, in: tx)
      KillPoint.taskEnded.passed()
      return true
    }
  }

  private func endTask(of build: Build, as end: TaskEnd, in tx: LedgerTransaction) throws {
    var build = build
    try tx.builds.insert(
      BuildStep(
        buildID: build.id, number: try tx.builds.nextNumber(of: build.id), kind: .taskEnd,
        task: build.taskIndex, round: build.round, state: .done, holdID: nil,
        outcome: end.rawValue, passed: end == .done, createdAt: tx.now))
    build.taskIndex += 1
    build.round = 0
    // What a last look has found comes after all tasks.
    if build.areTasksDone, try tx.builds.isReviewed(build.id) { build.state = .delivering }
    try tx.builds.save(build)
    try tx.builds.describe(build)
    try messages.showProgress(build, nil, in: tx)
  }

  /// The plan's price, and what the person is asked.
  func propose(_ build: inout Build, in tx: LedgerTransaction) throws {
    guard let plan = build.plan else { return }
    build.version += 1
    build.state = .planned
    do {
      build.quote = try QuoteMaker(environment).quote(for: &build, plan, in: tx)
      build.state = .quoted
    } catch let refusal as StepRefusal {
      Logger.current.warning("A plan cannot be priced.", metadata: ["reason": "\(refusal)"])
    }
    try tx.builds.describe(build)
    try messages.propose(build, try environment.noteOfMissingModels(build, in: tx), in: tx)
  }

  // MARK: - Delivery

  /// Packs the files and sends them, in the transaction that ends the build.
  func deliver(_ situation: Situation) async throws -> Bool {
    let build = situation.build
    guard let plan = build.plan else { return await pause(build.id, for: .fault) }
    var files = situation.files
    try files.addReadme(of: plan, situation)
    let name = ZipArchive.folderName(plan.title)
    let zip = try ZipArchive.bytes(of: files, folder: name)
    KillPoint.zipMade.passed()
    try await writer.write(for: "delivering a build") { [files] tx in
      guard var fresh = try tx.builds.find(build.id), fresh.state == .delivering else {
        throw ChangedMeanwhile()
      }
      try tx.builds.keep(files, ofProject: build.projectID)
      fresh.state = .delivered
      fresh.version += 1
      try tx.builds.save(fresh)
      try tx.builds.describe(fresh)
      try messages.showProgress(fresh, nil, in: tx)
      try messages.deliver(
        fresh, situation, zip: zip, named: "\(name).zip",
        repairs: environment.repairs, in: tx)
      KillPoint.delivered.passed()
    }
    Logger.current.info("A build is delivered.")
    return false
  }
}

extension WorkshopResult {
  fileprivate var endingInWords: String {
    switch ending {
    case .exited(let status): "exit status \(status)"
    case .signalled(let signal): "ended by signal \(signal)"
    case .timedOut: "no end within its time"
    }
  }
}

extension ProjectFiles {
  /// Says how to run and test it, unless the model has.
  fileprivate mutating func addReadme(
    of plan: BuildPlan, _ situation: Situation
  ) throws(SoftwareError) {
    guard Readme.isMissing(in: self) else { return }
    let open = situation.openTasks.sorted().filter(plan.tasks.indices.contains)
    let wasRun = situation.ends.values.contains { $0 != .unchecked }
    let text = Readme.text(of: plan, open: open.map { plan.tasks[$0].title }, wasRun: wasRun)
    try apply([.write(try ProjectPath(Readme.path), text)])
  }
}
