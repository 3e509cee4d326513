/// A way out of the workshop, as `aidevbot doctor` and the tests try it.
package struct Escape: Sendable {
  package let name: String
  private var runs: [WorkshopRun]
  /// Of the runs' results, in their order; what got out, or `nil`.
  private let judge: @Sendable ([WorkshopResult]) -> String?

  /// - Returns: What got out, in a few words; `nil` where the way is shut.
  package func attempt(in workshop: WorkshopKind) async throws(WorkshopError) -> String? {
    try await attempt { run async throws(WorkshopError) in
      try await workshop.run(run, patience: Self.patience)
    }
  }

  func attempt(by work: @escaping Workshop.Run) async throws(WorkshopError) -> String? {
    let attempts = runs.enumerated()
    let results = await withTaskGroup(of: Attempt.self, returning: [Attempt].self) { group in
      for (place, run) in attempts {
        group.addTask { Attempt(place: place, result: await Self.result(of: run, by: work)) }
      }
      var results: [Attempt] = []
      for await attempt in group { results.append(attempt) }
      return results.sorted { $0.place < $1.place }
    }
    var ended: [WorkshopResult] = []
    for attempt in results { ended.append(try attempt.result.get()) }
    return judge(ended)
  }

  private struct Attempt: Sendable {
    var place: Int
    var result: Result<WorkshopResult, WorkshopError>
  }

  /// In a function, not a closure: Swift 6.3 mixes up what a task group's optimised closure returns
  /// that catches typed errors.
  private static func result(
    of run: WorkshopRun, by work: Workshop.Run
  ) async -> Result<WorkshopResult, WorkshopError> {
    do throws(WorkshopError) {
      return .success(try await work(run))
    } catch {
      return .failure(error)
    }
  }

  /// Somebody who looks waits no longer for a busy service.
  private static let patience = Duration.seconds(20)
  private static let seconds = 15

  /// The same, with more time where it is not time that is tried: for a machine with much else to
  /// do.
  func allowing(seconds: Int) -> Escape {
    var escape = self
    for place in runs.indices where runs[place].seconds == Self.seconds {
      escape.runs[place].seconds = seconds
    }
    return escape
  }

  /// A command that says what it got at, or ends with 0.
  private init(_ name: String, _ command: String) {
    self.name = name
    runs = [WorkshopRun(files: [], command: command, seconds: Self.seconds)]
    judge = { results in
      guard let result = results.first, !result.passed else { return nil }
      let words = result.output.split(separator: "\n").last.map(String.init) ?? ""
      return words.isEmpty ? "\(result.ending)" : String(words.prefix(100))
    }
  }

  private init(
    _ name: String, _ runs: [WorkshopRun],
    judge: @escaping @Sendable ([WorkshopResult]) -> String?
  ) {
    (self.name, self.runs, self.judge) = (name, runs, judge)
  }

  package static let all = [
    network, files, privileges, processes, forks, disk, memory, time,
  ]

  /// Perl is in every Debian; the addresses are public ones.
  private static let network = Escape(
    "network",
    """
    perl -MSocket -e 'for ("1.1.1.1", "8.8.8.8") {
      socket(my $s, PF_INET, SOCK_DGRAM, 0) or next;
      connect($s, pack_sockaddr_in(53, inet_aton($_))) and print "a way to $_\\n" and exit 1 }'
    """)

  private static let files = Escape(
    "files",
    """
    for path in /etc/aidevbot /var/lib/aidevbot /etc/passwd /var /root /home /run /sys /boot; do
      if [ -e $path ]; then echo "$path is there"; exit 1; fi
    done
    """)

  private static let privileges = Escape(
    "privileges",
    """
    if ! grep -q 'CapEff:.0000000000000000' /proc/self/status; then echo capabilities; exit 1; fi
    if ! grep -q 'NoNewPrivs:.1' /proc/self/status; then echo 'new privileges'; exit 1; fi
    if unshare --user true 2>/dev/null; then echo 'a namespace of its own'; exit 1; fi
    if unshare --net true 2>/dev/null; then echo 'a network of its own'; exit 1; fi
    """)

  /// One kills whatever it can, while another one works.
  private static let processes = Escape(
    "processes",
    [
      WorkshopRun(
        files: [], command: "for i in 1 2 3 4 5; do kill -9 -1; kill -9 1; sleep 0.2; done",
        seconds: seconds),
      WorkshopRun(files: [], command: "sleep 0.8; echo alive", seconds: seconds),
    ]
  ) { $0[1].output == "alive\n" ? nil : "a run ends another one" }

  private static let forks = Escape(
    "fork bomb",
    """
    perl -e 'for (1..1000) { defined(my $child = fork) or exit 0; if (!$child) { sleep 60; exit } }
      print "1000 processes\\n"; exit 1'
    """)

  /// Where a file system can be written to at all, it ends before 800 MB are written.
  private static let disk = Escape(
    "disk",
    """
    while read -r _ _ _ _ place options _; do
      case $options in rw*) ;; *) continue ;; esac
      case $place in /proc*) continue ;; esac
      cd "$place" 2>/dev/null || continue
      for i in $(seq 20); do head -c 40M /dev/zero 2>/dev/null >"full$i" || break; done 2>/dev/null
      if [ -s full20 ]; then echo "$place takes 800 MB"; rm -f full*; exit 1; fi
      rm -f full*
    done </proc/self/mountinfo
    for place in /usr /etc /dev /; do
      if touch "$place/file" 2>/dev/null; then echo "$place can be written to"; exit 1; fi
    done
    """)

  private static let memory = Escape(
    "memory",
    """
    perl -e 'my @held; for (1..24) { push @held, "x" x (64 << 20) } print "full\\n"' 2>/dev/null |
      grep -q full && { echo '1.5 GB in one process'; exit 1; }
    exit 0
    """)

  /// It ignores each signal that can be ignored, and leaves a process behind that does, too.
  private static let time = Escape(
    "time and signals",
    [
      WorkshopRun(
        files: [],
        command: "trap '' TERM INT HUP QUIT ALRM; setsid sleep 60 & while :; do sleep 1; done",
        seconds: 1)
    ]
  ) { results in
    results[0].ending == .timedOut && results[0].milliseconds < 1_000 * seconds
      ? nil : "it does not end with its time"
  }
}
