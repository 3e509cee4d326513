package import Foundation

/// What the fake knows and has seen.
package struct FakeTelegramState: Sendable {
  /// A request, in the order of arrival, whatever became of it.
  package struct Call: Sendable, Equatable {
    package var method: String
    /// A file's is `attach://` and its name.
    package var parameters: [String: JSONValue]
    /// What was uploaded, by the names of the parameters.
    package var files: [String: File] = [:]
  }

  package struct File: Sendable, Equatable {
    package var name: String
    package var contentType: String
    package var data: Data
  }

  /// A message that was sent, as it reads after edits.
  package struct SentMessage: Sendable, Equatable {
    package var id: Int64
    package var chatID: Int64
    /// Of a message of blocks, their words.
    package var text: String
    /// `InputRichMessage`, of a message of blocks.
    package var rich: JSONValue?
    package var replyMarkup: JSONValue?
    /// As it was sent.
    package var parameters: [String: JSONValue]
  }

  package struct SentDocument: Sendable, Equatable {
    package var chatID: Int64
    package var fileName: String
    package var contentType: String
    package var data: Data
    package var caption: String?
  }

  package struct CopiedMessage: Sendable, Equatable {
    package var id: Int64
    package var messageID: Int64
    package var source: Int64
    package var chatID: Int64
  }

  package internal(set) var calls: [Call] = []
  package internal(set) var messages: [SentMessage] = []
  /// What was wrong with requests. A test of good behaviour expects none.
  package internal(set) var violations: [String] = []
  /// What grows in a chat before its message is sent, by its id.
  package internal(set) var drafts: [Int64: [Int64: String]] = [:]
  package internal(set) var documents: [SentDocument] = []
  package internal(set) var copies: [CopiedMessage] = []
  /// The menu of all chats that have none of their own.
  package internal(set) var commands: JSONValue?
  package internal(set) var commandsByChat: [Int64: JSONValue] = [:]
  package internal(set) var invoices: [SentInvoice] = []
  package internal(set) var invoiceLinks: [InvoiceLink] = []
  package internal(set) var subscriptionEdits: [SubscriptionEdit] = []
  /// What moved the bot's Stars, the oldest first.
  package internal(set) var starTransactions: [StarTransactionRecord] = []
  package internal(set) var webhookURL = ""

  var queue: FakeTelegramQueue
  let schema: BotAPISchema
  var faults: [String: [FakeTelegramFault]] = [:]
  var onCall: (@Sendable (Call) -> FakeTelegramFault?)?
  /// What each request to a chat is answered with that takes none.
  var refusals: [Int64: FakeTelegramFault] = [:]
  /// Ids of buttons pressed and payments begun.
  var openQueries: Set<String> = []
  var lastMessageID: Int64 = 1000
  /// The number of the newest waiting poll; an older one ends.
  var newestPoll = 0
  var waitingPolls = 0
  /// How long a poll waits at most, whatever it asks for, where a test wants no limit of time.
  package var lengthOfPolls: Duration?
  var isStopped = false

  package func calls(of method: String) -> [Call] {
    calls.filter { $0.method == method }
  }

  /// Texts that reached the chat, in order.
  package func sent(to chatID: Int64) -> [String] {
    messages.filter { $0.chatID == chatID }.map(\.text)
  }

  /// Whether a poll waits for updates. One whose client has died counts until the next one waits.
  package var isPolled: Bool { waitingPolls > 0 }
  /// Updates not yet confirmed.
  package var pendingCount: Int { queue.count }
}
