package import Foundation
package import TelegramBotAPI

/// An update that is safe in the inbox and waits to be handled.
package struct StoredUpdate: Sendable {
  package var id: Int64
  /// Or, if it was asked again, when that was.
  package var receivedAt: Date
  /// How many starts of the process have found it unfinished, the present one included.
  package var attempts: Int
  /// `nil` if it is left in the file until its turn comes, or cannot be decoded.
  package var update: Update?
  /// Why `update` cannot be decoded, in terms of its form, never of its content.
  package var flaw: String?
  /// The updates after it, in order, that are handled with it as one.
  package var parts: [Int64] = []
  /// Whether it was handled before, and the person wants it to be handled after all.
  package var isAskedAgain = false
}
