import CEdit
import Dispatch
import Foundation
import Glibc
import Synchronization

/// Lines that are typed at a terminal, and edited as in a shell, by libedit.
///
/// From the first prompt to the end the terminal makes no lines itself, as it would cut them off
/// at 4,095 bytes (termios(3), canonical mode). What is typed while the bot works waits, unseen,
/// for the next prompt.
///
/// `@unchecked`: what changes is touched on `queue` alone, which waits in `poll`, libedit included;
/// signals come by a pipe.
final class LineEditor: ConsoleInput, @unchecked Sendable {
  private let queue = DispatchQueue(label: "line editor")
  private let input: Int32
  private let editor: OpaquePointer
  private let calledBack: OpaquePointer
  private var history: ConsoleHistory?
  private let signals: EditorSignals
  private let prompts = (first: strdup("you> "), next: strdup("...> "))
  private var bytes: ArraySlice<UInt8> = []
  private var isFirstLine = true
  private var isInterrupted = false
  private var isAtEnd = false

  /// - Parameters:
  ///   - output: A terminal, as `input` is.
  ///   - history: Where what is said is kept for the next time, if it is.
  ///   - interrupt: Called where Ctrl-C is pressed while no line is edited.
  /// - Returns: `nil` if lines cannot be edited on this terminal.
  init?(
    input: Int32 = STDIN_FILENO, output: Int32, history: ConsoleHistory?,
    interrupt: @escaping @Sendable () -> Void
  ) {
    // What people write is decoded and shown as UTF-8, whatever the rest of the locale is.
    setlocale(LC_CTYPE, "")
    if String(cString: nl_langinfo(nl_item(CODESET))) != "UTF-8" { setlocale(LC_CTYPE, "C.UTF-8") }
    guard ProcessInfo.processInfo.environment["TERM"] != "emacs",
      let signals = EditorSignals(terminal: input, interrupt: interrupt),
      let editor = cedit_start("aidevbot", input, output), let calledBack = history_init()
    else { return nil }
    self.input = input
    self.editor = editor
    self.calledBack = calledBack
    self.history = history
    self.signals = signals
    cedit_set_context(editor, Unmanaged.passUnretained(self).toOpaque())
    cedit_set_prompt(editor) { LineEditor.at($0)?.prompt }
    cedit_set_read(editor) { editor, character in
      LineEditor.at(editor)?.read(into: character) ?? -1
    }
    cedit_add_function(editor, "interrupt") { editor, _ in
      LineEditor.at(editor)?.isInterrupted = true
      // The line ends, as the editor does that itself.
      el_push(editor, "\n")
      return UInt8(CC_NORM)
    }
    setKeys()
    cedit_set_terminal(editor, "-x", "-icanon")
    cedit_set_terminal(editor, "-x", "-echo")
    // Ctrl-C is a key of the editor while a line is edited.
    cedit_set_terminal(editor, "-d", "intr=")
    cedit_history_limit(calledBack, Int32(ConsoleHistory.limit))
    cedit_history_unique(calledBack)
    cedit_use_history(editor, calledBack)
    for message in history?.messages ?? [] { cedit_history_add(calledBack, message) }
  }

  private func setKeys() {
    cedit_set_editor(editor, "emacs")
    let keys = [
      ("^C", "interrupt"), ("^I", "ed-insert"), ("^R", "em-inc-search-prev"),
      ("\\e[3~", "ed-delete-next-char"), ("\\e[H", "ed-move-to-beg"), ("\\e[1~", "ed-move-to-beg"),
      ("\\e[F", "ed-move-to-end"), ("\\e[4~", "ed-move-to-end"), ("\\e[1;5C", "em-next-word"),
      ("\\e[1;5D", "ed-prev-word"),
    ]
    for (key, function) in keys { cedit_bind(editor, key, function) }
  }

  deinit {
    el_end(editor)
    history_end(calledBack)
    free(prompts.first)
    free(prompts.next)
  }

  /// Gives the terminal back as it was.
  func end() {
    queue.sync { signals.end() }
  }

  func nextLines() async -> [String]? {
    await withCheckedContinuation { continuation in
      queue.async { continuation.resume(returning: self.readLines()) }
    }
  }

  func remember(_ message: String) async {
    await withCheckedContinuation { continuation in
      queue.async {
        if self.history?.add(message) ?? true { cedit_history_add(self.calledBack, message) }
        continuation.resume()
      }
    }
  }

  func forget() async {
    await withCheckedContinuation { continuation in
      queue.async {
        self.history?.clear()
        cedit_history_clear(self.calledBack)
        continuation.resume()
      }
    }
  }
}

// MARK: - On the queue

extension LineEditor {
  private static func at(_ editor: OpaquePointer?) -> LineEditor? {
    cedit_context(editor).map { Unmanaged<LineEditor>.fromOpaque($0).takeUnretainedValue() }
  }

  private var prompt: UnsafeMutablePointer<CChar>? { isFirstLine ? prompts.first : prompts.next }

  private func readLines() -> [String]? {
    var lines: [String] = []
    while !isAtEnd {
      isFirstLine = lines.isEmpty
      isInterrupted = false
      // The editor shows its prompt first, and only then makes Ctrl-C one of its keys.
      cedit_set_flag(editor, EL_PREP_TERM, 1)
      var count: Int32 = 0
      let line = el_gets(editor, &count).map { String(cString: $0) }
      guard !isInterrupted else {
        lines = []
        continue
      }
      guard let line else {
        isAtEnd = true
        break
      }
      lines.append(line.last == "\n" ? String(line.dropLast()) : line)
      guard !bytes.isEmpty || hasInput(input, within: pauseWithinAPaste) else { break }
    }
    return lines.isEmpty ? nil : lines
  }

  /// For libedit: 1 with a character, 0 at the end, -1 where it cannot be read.
  private func read(into character: UnsafeMutablePointer<wchar_t>?) -> Int32 {
    guard let first = nextByte() else { return 0 }
    var sequence = [first]
    for _ in 0..<Self.followers(of: first) {
      guard let next = nextByte() else { break }
      guard next & 0xC0 == 0x80 else {
        bytes = [next] + bytes
        break
      }
      sequence.append(next)
    }
    let scalar = String(decoding: sequence, as: UTF8.self).unicodeScalars.first ?? "\u{FFFD}"
    // The editor takes a NUL for the end of the line.
    character?.pointee = wchar_t(scalar.value == 0 ? 0xFFFD : scalar.value)
    return 1
  }

  /// How many bytes follow in UTF-8.
  private static func followers(of first: UInt8) -> Int {
    switch first {
    case 0xC2...0xDF: 1
    case 0xE0...0xEF: 2
    case 0xF0...0xF4: 3
    default: 0
    }
  }

  private func nextByte() -> UInt8? {
    while bytes.isEmpty {
      var watched = [
        pollfd(fd: input, events: Int16(POLLIN), revents: 0),
        pollfd(fd: signals.file, events: Int16(POLLIN), revents: 0),
      ]
      guard poll(&watched, 2, -1) > 0 || errno == EINTR else { return nil }
      if watched[1].revents != 0 { redraw(after: signals.take()) }
      guard watched[0].revents != 0 else { continue }
      var chunk = [UInt8](repeating: 0, count: 4_096)
      let count = Glibc.read(input, &chunk, chunk.count)
      guard count > 0 || count < 0 && errno == EINTR else { return nil }
      bytes = chunk[..<max(0, count)]
    }
    return bytes.popFirst()
  }

  private func redraw(after signals: Set<Int32>) {
    if signals.contains(SIGCONT) {
      // A shell has used the terminal meanwhile.
      cedit_set_flag(editor, EL_PREP_TERM, 0)
      cedit_set_flag(editor, EL_PREP_TERM, 1)
    }
    el_resize(editor)
    cedit_refresh(editor)
  }
}
