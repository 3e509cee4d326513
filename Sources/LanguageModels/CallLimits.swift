/// How long one call to a model may take.
package struct CallLimits: Sendable {
  /// Without a byte, whatever it says: comments that keep the connection alive count.
  package var idle: Duration
  /// In all. A model that thinks long and writes much takes minutes; a hold lives longer.
  package var total: Duration
  /// For look-ups and counts, which are quick or not worth waiting for.
  package var free: Duration
  /// A provider may take some seconds to know what a call has used: how long to wait before each
  /// further look.
  package var lookUpPauses: [Duration]

  package init(
    idle: Duration = .seconds(60), total: Duration = .seconds(600),
    free: Duration = .seconds(15),
    lookUpPauses: [Duration] = [.seconds(1), .seconds(3)]
  ) {
    self.idle = idle
    self.total = total
    self.free = free
    self.lookUpPauses = lookUpPauses
  }
}
