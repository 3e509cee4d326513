import Foundation
package import HTTPTransport

/// Makes requests to the Bot API, one HTTP exchange each, and repeats none by itself.
package struct TelegramClient: Sendable {
  private let transport: HTTPTransport
  private let baseURL: String
  private let token: String
  private let pollMargin: Duration
  private let deadline: Duration

  /// What a poll may take beyond its timeout. Over this, the connection is taken for dead.
  package static let defaultPollMargin = Duration.seconds(10)
  /// Telegram answers within a second; a send of a large text under load takes a few.
  package static let defaultDeadline = Duration.seconds(30)
  /// The server ends a batch at about 4 MiB, counted before it writes its JSON.
  static let maximumBatchLength = 16 << 20
  /// A hundred transactions, each of which may bring a gift with all sizes of its picture.
  static let maximumStarTransactionsLength = 4 << 20
  /// A `Message` with its whole text and all entities is under 100 KiB.
  static let maximumAnswerLength = 1 << 20

  /// - Parameters:
  ///   - baseURL: Without the slash at the end.
  ///   - pollMargin: See `defaultPollMargin`.
  ///   - deadline: Of a request that is no poll, where it has none of its own.
  package init(
    transport: HTTPTransport, baseURL: String, token: String,
    pollMargin: Duration = TelegramClient.defaultPollMargin,
    deadline: Duration = TelegramClient.defaultDeadline
  ) {
    self.transport = transport
    self.baseURL = baseURL
    self.token = token
    self.pollMargin = pollMargin
    self.deadline = deadline
  }

  /// The bot itself: the cheapest proof that the token is right.
  package func getMe() async throws(TelegramError) -> User {
    try await read("getMe")
  }

  /// The same, with what its server's clock says, in the form of HTTP's `Date` header.
  package func introduce(
    deadline: Duration
  ) async throws(TelegramError) -> (bot: User, date: String?) {
    let answer = try await exchange(
      BotRequest(method: "getMe", json: Data("{}".utf8)), deadline: deadline)
    return (try answer.decoded("getMe"), answer.date)
  }

  package func getWebhookInfo(
    deadline: Duration? = nil
  ) async throws(TelegramError) -> WebhookInfo {
    try await read("getWebhookInfo", deadline: deadline)
  }

  /// Keeps the updates that wait.
  package func deleteWebhook() async throws(TelegramError) {
    _ = try await perform(.deleteWebhook())
  }

  /// Waits for updates, and confirms those below `offset`.
  ///
  /// - Parameters:
  ///   - limit: 1 to 100.
  ///   - timeout: Seconds; the server takes more than 50 for 50.
  ///   - allowedUpdates: `nil` leaves what an earlier request set.
  package func getUpdates(
    offset: Int64?, limit: Int = 100, timeout: Int, allowedUpdates: [String]? = nil
  ) async throws(TelegramError) -> UpdateBatch {
    let request = BotRequest.getUpdates(
      offset: offset, limit: limit, timeout: timeout, allowedUpdates: allowedUpdates)
    let answer = try await exchange(
      request, deadline: .seconds(timeout) + pollMargin,
      maximumResponseBytes: Self.maximumBatchLength)
    return try answer.updates(request.method)
  }

  /// Payments, refunds and all else that moved Stars, the oldest first.
  ///
  /// - Parameters:
  ///   - offset: How many to skip, from the oldest.
  ///   - limit: 1 to 100.
  package func getStarTransactions(
    offset: Int, limit: Int = 100
  ) async throws(TelegramError) -> [StarTransaction] {
    let request = try BotRequest.getStarTransactions(offset: offset, limit: limit)
    let answer = try await exchange(
      request, deadline: deadline,
      maximumResponseBytes: Self.maximumStarTransactionsLength)
    let page: StarTransactions = try answer.decoded(request.method)
    return page.transactions
  }

  package func getMyStarBalance() async throws(TelegramError) -> StarAmount {
    try await read("getMyStarBalance")
  }

  /// Makes any request.
  ///
  /// - Parameter deadline: To be made longer for a large file.
  @discardableResult
  package func perform(
    _ request: BotRequest, deadline: Duration? = nil
  ) async throws(TelegramError) -> TelegramResult {
    let answer = try await exchange(request, deadline: deadline ?? self.deadline)
    return TelegramResult(messageID: answer.messageID, text: answer.text)
  }

  private func read<Value: Decodable>(
    _ method: String, deadline: Duration? = nil
  ) async throws(TelegramError) -> Value {
    let request = BotRequest(method: method, json: Data("{}".utf8))
    return try await exchange(request, deadline: deadline ?? self.deadline).decoded(method)
  }

  private func exchange(
    _ request: BotRequest, deadline: Duration, maximumResponseBytes: Int = maximumAnswerLength
  ) async throws(TelegramError) -> TelegramAnswer {
    let form = try request.attachment.map { file throws(TelegramError) in
      try MultipartForm(request.json, with: file)
    }
    let exchange = HTTPRequest(
      .post, "\(baseURL)/bot\(token)/\(request.method)",
      headers: [("Content-Type", form?.contentType ?? "application/json")],
      body: form?.body ?? request.json, deadline: deadline,
      maximumResponseBytes: maximumResponseBytes, isIdempotent: request.isIdempotent)
    let response: HTTPResponse
    do {
      response = try await transport.send(exchange)
    } catch {
      throw .unreachable(error)
    }
    return try TelegramAnswer(response, to: request.method, hiding: token)
  }
}

// Printed or dumped, it keeps the token to itself.
extension TelegramClient: CustomStringConvertible, CustomReflectable {
  package var description: String { "TelegramClient" }
  package var customMirror: Mirror { Mirror(self, children: []) }
}
