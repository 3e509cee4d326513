#if DEBUG
  import Foundation
  import Glibc
  import Synchronization
#endif

/// The steps of a request, in order. Between any two of them the process may be killed, and
/// nothing is lost or charged twice: `Tests/AidevbotTests/EveryStepTests.swift` kills it at each.
package enum KillPoint: String, Sendable, CaseIterable {
  /// Its batch is committed to the inbox; Telegram has not been told.
  case updateStored
  /// The poll that confirms the batch has come back: Telegram has forgotten the update.
  case offsetSent

  /// A paid request: its hold is committed, as sent; the request may leave from now on.
  case markedSent
  /// The head of the provider's response is there, and the id that it may bring is kept.
  case firstByte
  /// A message that is to show a growing answer is about to be sent: it is kept that it may be
  /// there.
  case previewSending
  /// Telegram shows it, and nobody but this process knows its id.
  case previewShown
  /// Telegram shows more of the answer in it.
  case previewGrown
  /// Whoever asked has stopped the answer, and nothing of that is kept.
  case stopped
  /// The answer is there whole, and nobody but this process knows.
  case answerComplete
  /// In the transaction that settles, before its commit.
  case settled

  /// In place of the last two, if the call failed.
  case callFailed
  /// In the transaction that voids, before its commit.
  case voided

  /// A step of a build: its hold is committed, as sent, with its row.
  case stepBegun
  /// The answer to it is there, and nobody but this process knows.
  case stepAnswered
  /// In the transaction that settles it, before its commit.
  case stepSettled
  /// The row of a check is committed; its command is run next.
  case checkBegun
  /// In the transaction that ends a task, before its commit.
  case taskEnded
  /// The zip is made, and nothing of that is kept.
  case zipMade
  /// In the transaction that delivers, before its commit.
  case delivered

  /// In place of all these, for what costs nothing: in its transaction, before the commit.
  case commandCarriedOut

  /// The transaction is committed: the update is finished, its reply is in the outbox.
  case replyQueued
  /// Telegram has said that it took the reply; the outbox does not know.
  case replySent
  /// The outbox knows.
  case replyMarked

  /// Says that the step is done. A debug build ends itself here with SIGKILL if the variable
  /// `AIDEVBOT_KILL_AT` asks for it: `settled:2` is the second time that a call is settled. A
  /// release build contains none of that.
  package func passed() {
    #if DEBUG
      KillSwitch.passed(self)
    #endif
  }
}

#if DEBUG
  /// For a process that is to be killed at one place, and for that alone, it may be global.
  enum KillSwitch {
    private static let order: (step: KillPoint, passing: Int)? = {
      let words = ProcessInfo.processInfo.environment["AIDEVBOT_KILL_AT"]?.split(separator: ":")
      guard let words else { return nil }
      guard words.count == 2, let step = KillPoint(rawValue: String(words[0])),
        let passing = Int(words[1])
      else { preconditionFailure("AIDEVBOT_KILL_AT is no step with a number, as in settled:2") }
      return (step, passing)
    }()

    private static let passings = Atomic(0)

    static func passed(_ step: KillPoint) {
      guard let order, order.step == step else { return }
      let passing = passings.add(1, ordering: .relaxed).newValue
      guard passing == order.passing else { return }
      kill(getpid(), SIGKILL)
      while true { pause() }  // No further step, until the signal is there.
    }
  }
#endif
