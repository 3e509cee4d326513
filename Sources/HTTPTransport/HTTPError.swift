/// Why an exchange brought no response. No case carries the URL: it may hold a secret.
package enum HTTPError: Error, Sendable, Equatable {
  /// The URL or a header cannot be sent; a mistake in configuration or in our code.
  case invalidRequest
  /// No connection: name, network, TLS. Nothing was sent. `reason` is libcurl's own sentence for
  /// the kind of failure.
  case cannotConnect(reason: String)
  /// The deadline passed.
  case deadlineExceeded(requestWasSent: Bool)
  /// No byte came for as long as the request's `idleLimit` allows.
  case stalled(requestWasSent: Bool)
  /// The connection ended before the response did.
  case connectionLost(requestWasSent: Bool)
  /// More than `limit` bytes came back; the rest was not read.
  case responseTooLarge(limit: Int)
  /// The task that waited was cancelled.
  case cancelled(requestWasSent: Bool)

  /// Whether the server may have acted on the request. Where it is false, a repeat is safe
  /// whatever the request does.
  package var requestMayHaveTakenEffect: Bool {
    switch self {
    case .invalidRequest, .cannotConnect: false
    case .deadlineExceeded(let sent), .stalled(let sent), .connectionLost(let sent),
      .cancelled(let sent):
      sent
    case .responseTooLarge: true
    }
  }
}

extension HTTPError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .invalidRequest: "the address or a header of the request is malformed"
    case .cannotConnect(let reason): "no connection (\(reason))"
    case .deadlineExceeded: "no complete answer in time"
    case .stalled: "no byte came for too long"
    case .connectionLost: "the connection broke before the answer was complete"
    case .responseTooLarge(let limit): "the answer is longer than \(limit) bytes"
    case .cancelled: "cancelled"
    }
  }
}
