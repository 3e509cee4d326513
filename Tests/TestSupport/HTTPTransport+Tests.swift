package import HTTPTransport

extension HTTPTransport {
  /// One for all tests: each transport holds a thread of Dispatch's pool, which has 255, and with
  /// more of them than that nothing would run any more.
  package static let ofAllTests = HTTPTransport()
}
