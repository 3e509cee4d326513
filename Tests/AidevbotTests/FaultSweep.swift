import TestSupport

/// Makes the Nth operation on a database fail, for N = 1, 2, 3 … until there are fewer than N. This
/// is one world's share: every so many-th N.
struct FaultSweep: Sendable {
  enum Length: String, CaseIterable, Sendable {
    case oneOperation
    /// From the Nth on, all fail.
    case untilItIsMended
  }

  let world: World
  let disk: FaultyDisk
  let fault: FaultyDisk.Fault
  let length: Length
  private(set) var number: Int
  fileprivate let step: Int
  private(set) var rounds = 0

  /// What takes time is the patience of the product, so several wait side by side.
  private static let shares = 12

  /// - Parameters:
  ///   - what: Is being done while the disk fails.
  ///   - kinds: Faults that share the operations, each of which fails by one of them. A start has
  ///     hundreds, which are much alike, and each fault costs two starts.
  ///   - share: Does it again and again, for as long as it may `injectNext`.
  static func run(
    _ what: String, _ fault: FaultyDisk.Fault, _ length: Length = .untilItIsMended,
    sharedBy kinds: [FaultyDisk.Fault]? = nil,
    share: @escaping @Sendable (inout FaultSweep) async throws -> Void
  ) async throws {
    let kinds = kinds ?? [fault]
    let offset = kinds.firstIndex(of: fault) ?? 0
    let sweeps = try await withThrowingTaskGroup(of: FaultSweep.self) { group in
      for number in 0..<shares {
        group.addTask {
          try await World.run { world in
            var sweep = FaultSweep(
              world: world, disk: try FaultyDisk(in: world.folder), fault: fault, length: length,
              number: 1 + offset + number * kinds.count, step: shares * kinds.count)
            try await share(&sweep)
            return sweep
          }
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    let operations = sweeps.map(\.disk.operations).max() ?? 0
    let faults = sweeps.map { $0.rounds - 1 }.reduce(0, +)
    print("\(what), \(fault), \(length): \(operations) operations, \(faults) faults")
  }

  /// Makes the next N fail from now on. False where the last fault found nothing more to hit.
  mutating func injectNext() -> Bool {
    if rounds > 0 {
      guard disk.failures > 0 else { return false }
      number += step
    }
    rounds += 1
    disk.fail(number...(length == .oneOperation ? number : .max), with: fault)
    return true
  }
}

extension ChildProcess {
  /// How much it has said by now.
  var saidSoFar: Int { state.value.errors.count }

  func hasNamed(_ fault: FaultyDisk.Fault, after said: Int = 0) -> Bool {
    fault.isNamed(in: String(decoding: state.value.errors.dropFirst(said), as: UTF8.self))
  }
}
