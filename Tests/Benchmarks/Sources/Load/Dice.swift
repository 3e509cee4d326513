import Synchronization

/// Chance that comes out the same in every run, if asked in the same order.
package final class Dice: Sendable {
  private let state: Mutex<UInt64>

  package init(seed: UInt64) {
    state = Mutex(seed)
  }

  /// 0 to `sides` - 1, by SplitMix64.
  package func roll(_ sides: Int) -> Int {
    state.withLock { state in
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return Int((z ^ (z >> 31)) % UInt64(sides))
    }
  }
}
