/// How updates are delivered at present. Bot API, *WebhookInfo*.
package struct WebhookInfo: Decodable, Sendable, Equatable {
  /// Empty while the bot polls.
  package var url: String
  /// Updates that wait on Telegram's side.
  package var pendingUpdateCount: Int

  private enum CodingKeys: String, CodingKey {
    case url
    case pendingUpdateCount = "pending_update_count"
  }
}
