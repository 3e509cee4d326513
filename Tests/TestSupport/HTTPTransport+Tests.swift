package import HTTPTransport

extension HTTPTransport {
  /// One for all tests: each transport holds a thread of Dispatch's pool, which has 255, and with
  /// more of them than that nothing would run any more.
  ///
  /// Its limits are those of no machine, however slow it is.
  package static let ofAllTests = HTTPTransport(
    limits: Limits(
      connect: .seconds(600), idleConnection: .seconds(3_600), gathering: .zero))
}
