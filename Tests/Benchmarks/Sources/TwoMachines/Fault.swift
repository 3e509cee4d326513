import Foundation

/// What happens to two machines at work.
package enum Fault: String, CaseIterable, Sendable {
  case killed = "the one that works is killed"
  case lostDisk = "the one that works is lost with its disk"
  case frozen = "the one that works is frozen, and wakes"
  case cutFromBucket = "it is cut off from the bucket, in silence"
  case refusedByBucket = "the bucket refuses it"
  case unplugged = "it is cut off from everything"
  case yields = "it is asked to yield"
  case deadWhileRestoring = "it is killed, and so is the other one while it restores"
  case secondFailover = "the one that took over is killed before its first copy is made"
  case cutFromTelegram = "it is cut off from Telegram"
  case cutFromProvider = "it is cut off from its provider"
  case bucketAway = "the bucket is away for both"
  case slowBucket = "the bucket is slow"
  case clockJumps = "its clock jumps"
  case clockJumpsAndKilled = "a clock jumps, and it is killed"
  case fullDisk = "its disk is full"
  case botKilled = "its bot alone is killed"
  case litestreamKilled = "its Litestream alone is killed"

  /// All of them in turn, each time in another order.
  ///
  /// - Parameter only: Words of those that are wanted; `nil` for all.
  package static func drawn(
    _ rounds: Int, seed: UInt64, isIsolated: Bool, only: String? = nil
  ) -> [Fault] {
    var chance = Chance(seed: seed &+ 77)
    let possible = allCases.filter { fault in
      (isIsolated || !fault.needsIsolation) && (only.map(fault.rawValue.contains) ?? true)
    }
    var drawn: [Fault] = []
    while drawn.count < rounds, !possible.isEmpty {
      var rest = possible
      while !rest.isEmpty { drawn.append(rest.remove(at: chance.number(0...(rest.count - 1)))) }
    }
    return Array(drawn.prefix(rounds))
  }

  /// What takes a network namespace and a disk of its own.
  var needsIsolation: Bool { self == .unplugged || self == .fullDisk }
}

/// Chance that comes out the same in every run, by SplitMix64.
struct Chance {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func number(_ range: ClosedRange<Int>) -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return range.lowerBound + Int((z ^ (z >> 31)) % UInt64(range.count))
  }

  mutating func duration(upTo milliseconds: Int) -> Duration {
    .milliseconds(number(0...milliseconds))
  }
}
