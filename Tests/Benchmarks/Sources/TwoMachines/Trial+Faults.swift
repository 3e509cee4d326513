import Foundation
import Synchronization
import TestSupport

extension Trial {
  /// Has it happen, waits for what must follow, and mends it.
  func bring(_ fault: Fault, to holder: Machine, besides other: Machine) async throws {
    switch fault {
    case .killed: try await kill(holder, until: { try await self.waitForAnswers(1, from: other) })
    case .lostDisk:
      try await kill(holder) {
        try await self.waitForAnswers(1, from: other)
        try holder.loseDisk()
      }
    case .frozen:
      holder.freeze()
      try await waitForAnswers(1, from: other)
      holder.thaw()
    case .cutFromBucket: try await cut(holder.bucket, .silent, until: other)
    case .refusedByBucket: try await cut(holder.bucket, .shut, until: other)
    case .unplugged:
      try holder.network.set(connected: false)
      try await waitForAnswers(1, from: other)
      try holder.network.set(connected: true)
    case .yields:
      try await yield(holder)
      try await waitForAnswers(1, from: other)
    case .deadWhileRestoring: try await killWhileRestoring(holder, other)
    case .secondFailover: try await failOverTwice(holder, other)
    case .cutFromTelegram: try await cut([holder.telegram], .silent)
    case .cutFromProvider: try await cut([holder.provider], .silent)
    case .bucketAway: try await cut([holder.bucket, other.bucket], .shut)
    case .slowBucket:
      let delay = chance.withLock { $0.number(20...600) }
      try await cut([holder.bucket, other.bucket], .slow(milliseconds: delay))
    case .clockJumps: try await jump(holder, other) { try await self.aWhile() }
    case .clockJumpsAndKilled:
      try await jump(holder, other) {
        try await self.kill(holder) { try await self.waitForAnswers(1, from: other) }
      }
    case .fullDisk:
      let free = try holder.fillDisk()
      try await aWhile()
      try free()
    case .botKilled: holder.killProgram("aidevbot")
    case .litestreamKilled: holder.killProgram("litestream")
    }
  }

  /// A fault that nothing need follow from lasts for up to twice the time to live.
  private func aWhile() async throws {
    try await Task.sleep(for: chance.withLock { $0.duration(upTo: options.ttl * 2_000) })
  }

  private func kill(_ machine: Machine, until body: () async throws -> Void) async throws {
    try await machine.kill()
    try await body()
    try machine.start()
  }

  private func cut(_ line: Line, _ mode: Line.Mode, until other: Machine) async throws {
    line.set(mode)
    try await waitForAnswers(1, from: other)
    line.set(.open)
  }

  private func cut(_ lines: [Line], _ mode: Line.Mode) async throws {
    for line in lines { line.set(mode) }
    try await aWhile()
    for line in lines { line.set(.open) }
  }

  private func jump(
    _ holder: Machine, _ other: Machine, while body: () async throws -> Void
  ) async throws {
    let seconds = chance.withLock { $0.number(-3_600...3_600) }
    let which = chance.withLock { $0.number(0...2) }
    for (number, clock) in clocks.enumerated() where which == 2 || which == number {
      try clock.set(seconds)
    }
    try await body()
    try await waitForAnswers(3)
    for clock in clocks { try clock.set(0) }
  }

  private func yield(_ machine: Machine) async throws {
    guard let status = try await machine.run(["standby", "yield"]), status == 0 else {
      throw WaitFailed(what: "`aidevbot standby yield`")
    }
  }

  /// The one that takes over dies with the lease in its hands, and starts again.
  private func killWhileRestoring(_ holder: Machine, _ other: Machine) async throws {
    let term = bucket.lease?.term ?? 0
    try await holder.kill()
    try await bucket.state.wait(for: "the taking of the lease", within: options.patience) {
      $0.leases.last?.term ?? 0 > term
    }
    try await Task.sleep(for: chance.withLock { $0.duration(upTo: 300) })
    try await other.kill()
    try other.start()
    try await waitForAnswers(1)
    try holder.start()
  }

  /// The one that takes over dies before there is a copy on its own path, and the first one has to
  /// go on from the path before it.
  private func failOverTwice(_ holder: Machine, _ other: Machine) async throws {
    let term = bucket.lease?.term ?? 0
    try await holder.kill()
    try await bucket.state.wait(for: "the taking of the lease", within: options.patience) {
      $0.leases.last?.term ?? 0 > term
    }
    try await other.kill()
    try holder.start()
    try await waitForAnswers(1)
    try other.start()
  }
}
