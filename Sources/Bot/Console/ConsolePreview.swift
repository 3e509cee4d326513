import Markdown
import Messaging
import Synchronization

/// An answer that appears in the terminal while it grows, block by block: what was printed stays.
final class ConsolePreview: AnswerPreview {
  private struct State {
    var growing = GrowingMarkdown(limits: .terminal)
    var printed = ""
    var isEnded = false
  }

  private let state = Mutex(State())
  private let print: @Sendable (FormattedText, _ isFirst: Bool) -> Void

  init(print: @escaping @Sendable (FormattedText, _ isFirst: Bool) -> Void) {
    self.print = print
  }

  /// The beginning of the answer, as far as it was printed.
  var printed: String { state.withLock { $0.printed } }

  func add(_ text: String) {
    state.withLock { state in
      guard !state.isEnded else { return }
      state.growing.append(text)
      // Blocks end with their lines.
      guard text.utf8.contains(0x0A), let finished = state.growing.finished,
        finished.text.hasPrefix(state.printed)
      else { return }
      let new = finished.after(state.printed.utf16.count)
      guard !new.text.isEmpty else { return }
      print(new, state.printed.isEmpty)
      state.printed = finished.text
    }
  }

  func end() {
    state.withLock { $0.isEnded = true }
  }
}

/// The answer that was last seen growing.
final class LastPreview: Sendable {
  private let preview = Mutex<ConsolePreview?>(nil)

  func replace(by new: ConsolePreview?) {
    preview.withLock { $0 = new }
  }

  var isPrinted: Bool { preview.withLock { $0?.printed.isEmpty == false } }

  /// What of it was printed; empty if nothing was, or somebody has asked before.
  func takePrinted() -> String {
    preview.withLock { preview in
      defer { preview = nil }
      return preview?.printed ?? ""
    }
  }
}
