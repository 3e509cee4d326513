import ArgumentParser
import Foundation
import Ledger

/// Asks before a large number of credits is given or taken: it may be a slip.
struct GiftQuestion: ParsableArguments {
  @Flag(help: "Do it without asking, however many credits they are.")
  var yes = false

  /// - Parameter whom: Who gets them, as in `for user 42`.
  /// - Throws: `ExitCode(1)` if it is not wanted, or nobody can be asked.
  func check(_ credits: Credits, _ whom: String, asJSON: Bool) throws {
    guard credits.isLargeGift, !yes else { return }
    let amount = credits < .zero ? "Take \(credits.magnitude)" : "Give \(credits)"
    if !asJSON, Terminal.confirms("\(amount) credits \(whom)?") { return }
    let reason = "Nothing was done; for so many credits, --yes does it without asking."
    FileHandle.standardError.write(Data("aidevbot: \(reason)\n".utf8))
    throw ExitCode(1)
  }
}

extension Credits {
  fileprivate var magnitude: Credits { Credits(micro: -max(micro, -.max)) }
}
