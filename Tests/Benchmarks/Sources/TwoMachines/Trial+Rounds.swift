import Foundation
import Synchronization
import TestSupport

extension Trial {
  /// One fault, from two machines that are well to two that are well again.
  func run(_ fault: Fault) async throws -> Round {
    let terms = bucket.lease?.term ?? 0
    people.goOn()
    let number = chance.withLock { $0.number(4...15) }
    try await waitForAnswers(number)
    try await Task.sleep(for: chance.withLock { $0.duration(upTo: 700) })
    guard let (holder, other) = pair else { throw WaitFailed(what: "one that works") }
    people.state.change { state in
      (state.longestSilence, state.lastAnswerAt) = (.zero, .now)
    }
    let before = repeats
    try await bring(fault, to: holder, besides: other)
    try await waitForAnswers(3)
    try await waitForStandby()
    try await people.rest()
    let (audit, verdict) = try await auditAll()
    let silence = people.state.value.longestSilence
    var findings = audit.findings
    if verdict != 0 { findings.append("`ledger verify` ended with \(verdict)") }
    for machine in machines {
      let bad = machine.endings.value.keys.filter {
        $0.hasPrefix("aidevbot 78") || $0.hasPrefix("aidevbot 64")
      }
      findings += bad.map { "\(machine.name): \($0)" }
    }
    return Round(
      fault: fault, silence: silence, moves: (bucket.lease?.term ?? 0) - terms,
      repeated: audit.repeatedAnswers - before.answers,
      refusedYeses: audit.repeatedYeses - before.yeses, findings: findings)
  }

  /// Who works, and the other one; `nil` while nobody does.
  var pair: (holder: Machine, other: Machine)? {
    guard let lease = bucket.lease,
      let index = machines.firstIndex(where: { $0.id == lease.holder })
    else { return nil }
    return (machines[index], machines[1 - index])
  }

  private var repeats: (answers: Int, yeses: Int) {
    let state = people.state.value
    return (
      state.questions.values.reduce(0) { $0 + max(0, $1.answers.count - 1) }, state.lateYeses
    )
  }

  // MARK: - What is waited for

  /// One of them has the lease, and all that was promised is on its own path.
  func waitForWork() async throws {
    try await bucket.state.wait(for: "one that works", within: options.patience) { state in
      guard let lease = state.leases.last else { return false }
      return !lease.holder.isEmpty && lease.restore == "term-\(lease.term)"
    }
    try await telegram.state.wait(for: "a poll", within: options.patience) { $0.isPolled }
  }

  /// The other one says so, with a copy, from now on.
  func waitForStandby() async throws {
    let marks = bucket.state.value.presences
    try await bucket.state.wait(for: "one that stands by", within: options.patience) {
      [machines] state in
      guard let lease = state.leases.last, lease.restore == "term-\(lease.term)" else {
        return false
      }
      let ids = machines.map { $0.id ?? "" }
      guard ids.contains(lease.holder), let other = ids.first(where: { $0 != lease.holder }) else {
        return false
      }
      return state.presences[other] ?? 0 > marks[other] ?? 0
    }
  }

  func waitForAnswers(_ count: Int, from machine: Machine? = nil) async throws {
    let counted: @Sendable (People.State) -> Int = { state in
      machine.map { state.answers[$0.name] ?? 0 } ?? state.allAnswers
    }
    let before = counted(people.state.value)
    try await people.state.wait(
      for: "\(count) answers from \(machine?.name ?? "anybody")", within: options.patience
    ) { counted($0) >= before + count }
  }

  /// Everything that people have begun has come to its end in the database of whoever works, which
  /// is looked at then.
  private func auditAll() async throws -> (Audit, Int32) {
    try await telegram.state.wait(for: "the updates' way", within: options.patience) {
      $0.pendingCount == 0
    }
    let end = ContinuousClock.now + options.patience
    while ContinuousClock.now < end {
      try await Task.sleep(for: .milliseconds(50))
      guard let lease = bucket.lease, let holder = pair?.holder,
        Audit.isQuiet(databasePath: holder.databasePath)
      else { continue }
      let invoices = telegram.state.value.invoices.map(\.payload)
      let state = people.state.value
      do {
        let audit = try Audit(state, invoices: invoices, databasePath: holder.databasePath)
        let verdict = try await verify(holder)
        // What was looked at may be another machine's by now.
        if bucket.lease?.term == lease.term { return (audit, verdict) }
      } catch {
        guard bucket.lease?.term != lease.term else { throw error }
      }
    }
    throw WaitFailed(what: "the end of all work")
  }

  /// The exit status of `aidevbot ledger verify`.
  private func verify(_ machine: Machine) async throws -> Int32 {
    let file = open(folder.appendingPathComponent("verify.log").path, O_WRONLY | O_CREAT, 0o600)
    defer { close(file) }
    let process = try SpawnedProcess(
      [options.executable.path, "ledger", "verify"],
      environment: ["DATABASE_PATH": machine.databasePath, "HOME": folder.path], output: file,
      errors: file)
    try await process.waitForEnd()
    return process.status.value ?? -1
  }
}
