package import Foundation

/// An update as it came: its id is read, the rest is not yet looked at, so that one that cannot be
/// read is stored like any other and holds up nobody.
package struct ReceivedUpdate: Sendable, Equatable {
  package var id: Int64
  /// This update's own bytes.
  package var json: Data

  package init(id: Int64, json: Data) {
    self.id = id
    self.json = json
  }
}
