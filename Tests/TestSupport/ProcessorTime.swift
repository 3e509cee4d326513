import Glibc

/// What the work takes of the processor, which does not grow where others keep the machine busy.
/// How much that is depends on the machine: only two of them can be compared.
package func processorTime(of work: () -> Void) -> Duration {
  let start = processorTimeOfThread()
  work()
  return processorTimeOfThread() - start
}

private func processorTimeOfThread() -> Duration {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
}
