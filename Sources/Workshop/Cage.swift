import Foundation
import Glibc

/// bubblewrap around one command: a root with /usr and little else, no network but a loopback of
/// its own, no capabilities, and a bound on every place that can be written to.
///
/// Within the service's unit, which bounds memory and the processor, and at a terminal, where the
/// limits inside have to do: memory is then bounded for each process, not for all together.
package struct Cage: Sendable {
  /// What a run may use; a unit has limits of its own besides.
  package struct Limits: Sendable {
    /// Processes and threads.
    package var processes = 128
    /// Of one process: private memory that can be written to, in bytes. (A limit of the address
    /// space would stop node and Go, which reserve much more than they use.)
    package var memoryBytes = 1 << 30
    /// Of one file.
    package var fileBytes = 64 << 20
    /// Of the folder of the files.
    package var workBytes = 64 << 20
    /// Of /tmp, where compilers keep what they have made.
    package var temporaryBytes = 256 << 20
    package var sharedMemoryBytes = 16 << 20
    package var openFiles = 1_024
    /// What a command prints until it is ended.
    package var outputBytes = 64 << 20

    package init() {}
  }

  private let bubblewrap: String
  private let limits: Limits

  /// - Parameter bubblewrap: Its path.
  package init(bubblewrap: String, limits: Limits = Limits()) {
    self.bubblewrap = bubblewrap
    self.limits = limits
  }

  func run(_ run: WorkshopRun) async throws(WorkshopError) -> WorkshopResult {
    try await onOwnThread { interruption throws(WorkshopError) in
      try self.run(run, interruptedBy: interruption.descriptor)
    }
  }

  /// Blocks until the command has ended, or `interruption` can be read from, which ends it.
  func run(_ run: WorkshopRun, interruptedBy interruption: Int32) throws(WorkshopError)
    -> WorkshopResult
  {
    try run.check()
    let begin = ContinuousClock.now
    let deadline = begin + .seconds(min(max(1, run.seconds), WorkshopRun.maximumSeconds))
    var child = try CagedProcess.start(arguments(for: run.command))
    let end = child.run(
      input: TarArchive.bytes(of: run.files), maximumOutput: limits.outputBytes, until: deadline,
      interruptedBy: interruption)
    let milliseconds = Int(begin.duration(to: .now).milliseconds)
    let ending: WorkshopResult.Ending
    switch end {
    case .interrupted: throw .cancelled
    case .timedOut: ending = .timedOut
    case .outputTooLong: ending = .signalled(SIGXFSZ)
    case .ended(let status):
      guard child.wasMade else { throw .unavailable(Self.complaint(in: child.output.text)) }
      // As bubblewrap and shells have it.
      ending = 128 + 1...128 + 64 ~= status ? .signalled(status - 128) : .exited(status)
    }
    return WorkshopResult(ending: ending, output: child.output.text, milliseconds: milliseconds)
  }

  /// What bubblewrap says where it makes no cage.
  private static func complaint(in output: String) -> String {
    let line = output.split(separator: "\n").last.map { String($0.prefix(200)) }
    return line ?? "bubblewrap ends without a word"
  }

  private func arguments(for command: String) -> [String] {
    Self.user() + [bubblewrap] + namespaces + Self.environment + root + commandLine(command)
  }

  /// root's own processes are not counted by the kernel, so a run of root's has an unused number.
  private static func user() -> [String] {
    guard geteuid() == 0 else { return [] }
    let number = UInt32.random(in: 1_000_000_000..<2_000_000_000)
    return [
      "/usr/bin/setpriv", "--reuid=\(number)", "--regid=\(number)", "--clear-groups", "--",
    ]
  }

  private let namespaces = [
    "--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--uid", "65534", "--gid",
    "65534", "--cap-drop", "ALL",
    "--disable-userns", "--die-with-parent", "--new-session",
    "--json-status-fd", "\(CagedProcess.statusDescriptor)",
  ]

  private static let environment = [
    "PATH": "/usr/local/bin:/usr/bin:/usr/local/go/bin", "HOME": "/tmp", "LANG": "C.UTF-8",
    "TERM": "dumb", "NO_COLOR": "1", "CI": "true", "PYTHONDONTWRITEBYTECODE": "1",
  ].sorted { $0.key < $1.key }.flatMap { ["--setenv", $0.key, $0.value] }

  private var root: [String] {
    [
      "--ro-bind", "/usr", "/usr", "--symlink", "usr/bin", "/bin", "--symlink", "usr/sbin", "/sbin",
      "--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64",
      "--ro-bind-try", "/etc/alternatives", "/etc/alternatives",
      "--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache",
      "--proc", "/proc", "--dev", "/dev",
      // A size counts for the next tmpfs alone.
      "--size", "\(limits.sharedMemoryBytes)", "--tmpfs", "/dev/shm",
      "--size", "\(limits.temporaryBytes)", "--tmpfs", "/tmp",
      "--size", "\(limits.workBytes)", "--tmpfs", "/work",
      // Both are of tmpfs, and without a bound.
      "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/work",
    ]
  }

  private func commandLine(_ command: String) -> [String] {
    [
      "/usr/bin/prlimit", "--nproc=\(limits.processes)", "--data=\(limits.memoryBytes)",
      "--fsize=\(limits.fileBytes)", "--nofile=\(limits.openFiles)", "--core=0",
      "/bin/bash", "-c", Self.start, "bash", command,
    ]
  }

  /// Of what is in the cage, the kernel ends the command first where memory is short.
  private static let start = """
    echo 1000 >/proc/self/oom_score_adj
    tar --extract --file=- --no-same-owner --no-same-permissions || exit 125
    exec /bin/bash -c "$1" </dev/null
    """
}
