import Synchronization

/// A race, by which `.ci/races` sees that the thread sanitizer reports one, also beside a lock that
/// many wait for.
private final class Counters: @unchecked Sendable {
  let guarded = Mutex(0)
  var unguarded = 0
}

@main
struct PlantedRace {
  static func main() async {
    let counters = Counters()
    await withTaskGroup { group in
      for _ in 0..<4 {
        group.addTask {
          for _ in 0..<10_000 {
            counters.guarded.withLock { $0 += 1 }
            counters.unguarded += 1
          }
        }
      }
    }
  }
}
