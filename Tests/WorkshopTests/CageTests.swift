import Foundation
import Testing

@testable import Workshop

/// Real runs of bubblewrap, as at a terminal.
@Suite("Cage")
struct CageTests {
  private let cage: Cage

  init() throws {
    guard case .bubblewrap(let path) = WorkshopKind.find(socket: "/nowhere") else {
      throw NoBubblewrap()
    }
    cage = Cage(bubblewrap: path)
  }

  private func run(
    _ command: String, _ files: [WorkshopFile] = [], seconds: Int = 60
  ) async throws -> WorkshopResult {
    try await cage.run(WorkshopRun(files: files, command: command, seconds: seconds))
  }

  @Test func runsACommandOverItsFilesAndTellsWhatItPrintsAndHowItEnds() async throws {
    let long = String(repeating: "folder/", count: 25) + "a file.txt"
    let files = [
      WorkshopFile(path: "main.sh", bytes: Array("#!/bin/bash\ncat \"$1\"; echo err >&2".utf8)),
      WorkshopFile(path: long, bytes: Array("Grüße\n".utf8)),
      WorkshopFile(path: "empty", bytes: []),
      WorkshopFile(path: "binary", bytes: Array(0...255) + Array(repeating: 7, count: 300_000)),
    ]
    let result = try await run(
      "./main.sh '\(long)'; wc -c empty binary | head -n2; pwd; [[ a == a ]] && exit 3", files)
    #expect(result.output == "Grüße\nerr\n     0 empty\n300256 binary\n/work\n")
    #expect(result.ending == .exited(3))
    #expect(!result.passed)
    #expect(result.milliseconds >= 0)
  }

  @Test func aRunFindsNothingOfTheOneBefore() async throws {
    #expect(try await run("touch /work/here /tmp/here /dev/shm/here").passed)
    #expect(try await run("ls /work /tmp /dev/shm").output == "/dev/shm:\n\n/tmp:\n\n/work:\n")
  }

  @Test(arguments: [
    ("true", WorkshopResult.Ending.exited(0)), ("exit 126", .exited(126)),
    ("kill -SEGV $$", .signalled(11)), ("kill -9 $$", .signalled(9)),
    ("no-such-thing", .exited(127)),
  ])
  func tellsHowACommandEnds(_ command: String, _ ending: WorkshopResult.Ending) async throws {
    #expect(try await run(command).ending == ending)
  }

  @Test(arguments: Escape.all.map(\.name))
  func theWayOutIsShut(_ name: String) async throws {
    let kind = WorkshopKind.find(socket: "/nowhere")
    let escape = try #require(Escape.all.first { $0.name == name })
    #expect(try await escape.allowing(seconds: 600).attempt(in: kind) == nil)
  }

  @Test func seesNothingOfTheEnvironmentOrTheOpenFilesOfTheBot() async throws {
    // Inherited by whatever is not careful.
    let open = try #require(fopen("/proc/self/status", "r"))
    defer { fclose(open) }
    let result = try await run(
      """
      cat /proc/*/environ | tr '\\0' '\\n' | cut -d= -f1 | sort -u
      ls /proc/self/fd | tr '\\n' ' '
      """)
    let lines = result.output.split(separator: "\n").map(String.init)
    #expect(
      Set(lines.dropLast()).isSubset(of: [
        "PATH", "HOME", "LANG", "TERM", "NO_COLOR", "CI", "PYTHONDONTWRITEBYTECODE", "PWD", "SHLVL",
        "_", "OLDPWD",
      ]), "\(lines)")
    #expect(lines.last == "0 1 2 3 ")
  }

  @Test func itsOwnLoopbackCanBeListenedAt() async throws {
    let result = try await run(
      """
      perl -MSocket -e 'socket(S, PF_INET, SOCK_STREAM, 0);
        bind(S, pack_sockaddr_in(8080, INADDR_LOOPBACK));
        listen(S, 1); socket(C, PF_INET, SOCK_STREAM, 0);
        connect(C, pack_sockaddr_in(8080, INADDR_LOOPBACK)) and print "connected\\n"'
      """)
    #expect(result.output == "connected\n")
  }

  @Test func whatNeverStopsPrintingIsEndedAndItsBeginningAndEndAreKept() async throws {
    var limits = Cage.Limits()
    limits.outputBytes = 1 << 20
    guard case .bubblewrap(let path) = WorkshopKind.find(socket: "/nowhere") else { return }
    let result = try await Cage(bubblewrap: path, limits: limits).run(
      WorkshopRun(files: [], command: "echo begin; yes"))
    #expect(result.ending == .signalled(SIGXFSZ))
    #expect(result.output.hasPrefix("begin\ny\n"))
    #expect(result.output.contains("\n…\n"))
    #expect(result.output.utf8.count <= 2 * BoundedOutput.keptBytes + 16)
  }

  @Test func aFileThatGrowsTooLargeEndsWhatWritesIt() async throws {
    let result = try await run("exec head -c 65M /dev/zero >/tmp/large")
    #expect(result.ending == .signalled(SIGXFSZ))
  }

  @Test func aFolderThatFillsUpSaysSo() async throws {
    let result = try await run("head -c 63M /dev/zero >a && head -c 2M /dev/zero >b; echo $?")
    #expect(result.output.hasSuffix("No space left on device\n1\n"))
  }

  @Test func cancellingTheTaskEndsTheCommand() async throws {
    let mark = UUID().uuidString
    let task = Task { try await run("exec -a \(mark) sleep 600", seconds: 600) }
    await waitUntilItRuns(mark)
    task.cancel()
    await #expect(throws: WorkshopError.cancelled) { try await task.value }
    #expect(!isRunning(mark))
  }

  @Test func whereBubblewrapCannotMakeACageItsReasonIsTold() async throws {
    await #expect(throws: WorkshopError.unavailable("bubblewrap ends without a word")) {
      try await Cage(bubblewrap: "/bin/false").run(WorkshopRun(files: [], command: "true"))
    }
  }

  @Test func theLanguagesAreThoseThatAnswerInTheCage() async throws {
    let workshop = Workshop.live(socket: "/nowhere")
    let languages = try await workshop.languages()
    #expect(languages.contains { $0.hasPrefix("perl 5.") }, "\(languages)")
    #expect(languages.contains { $0.hasPrefix("bash 5.") }, "\(languages)")
    #expect(try await workshop.run(WorkshopRun(files: [], command: "echo a")).output == "a\n")
  }

  @Test func withoutAWorkshopItSaysSo() async throws {
    let kind = WorkshopKind.find(socket: "/nowhere", folders: [])
    #expect(kind == .none("there is neither /nowhere nor bubblewrap"))
    await #expect(throws: WorkshopError.unavailable("there is neither /nowhere nor bubblewrap")) {
      try await kind.run(WorkshopRun(files: [], command: "true"))
    }
  }
}

private struct NoBubblewrap: Error {}
