/// What one `getUpdates` brought.
package struct UpdateBatch: Sendable, Equatable {
  /// In the order received.
  package var updates: [ReceivedUpdate]
  /// How many elements had no readable `update_id`.
  package var unreadableCount: Int

  /// The offset that confirms the batch: past its last update, even if that is lower than an
  /// earlier offset was, because ids can start again at any number. `nil` if no id is known.
  package var nextOffset: Int64? { updates.last.map { $0.id + 1 } }
}
