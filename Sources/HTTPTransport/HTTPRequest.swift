package import Foundation

/// One HTTP exchange to make. Every exchange has a deadline and a bound on what it may bring back.
package struct HTTPRequest: Sendable {
  package enum Method: String, Sendable {
    case get = "GET"
    case post = "POST"
    case put = "PUT"
    case delete = "DELETE"
  }

  package var method: Method
  /// Absolute, `http` or `https`. May hold a secret (Telegram's token is a part of the path), so
  /// nothing here ever prints it.
  package var url: String
  package var headers: [(name: String, value: String)]
  package var body: Data?
  /// The path of a socket to connect to, whatever the URL says of the host.
  package var unixSocket: String?
  /// For the whole exchange, from submission to the last byte.
  package var deadline: Duration
  /// How long the exchange may go without a byte of the response, whatever that byte says.
  package var idleLimit: Duration?
  /// Whether a streamed response comes in many small pieces over a long time. They are handed over
  /// a few times a second, those that have come together (`HTTPTransport.Limits.gathering`).
  package var comesWordByWord: Bool
  /// A longer response ends with `HTTPError.responseTooLarge`.
  package var maximumResponseBytes: Int
  /// Whether the exchange may be repeated on a new connection when a kept-alive one turns out to
  /// have died. A request that is not idempotent fails with `HTTPError.connectionLost` instead,
  /// and the caller decides.
  package var isIdempotent: Bool

  package init(
    _ method: Method,
    _ url: String,
    headers: [(name: String, value: String)] = [],
    body: Data? = nil,
    unixSocket: String? = nil,
    deadline: Duration,
    idleLimit: Duration? = nil,
    comesWordByWord: Bool = false,
    maximumResponseBytes: Int = 8 << 20,
    isIdempotent: Bool
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.unixSocket = unixSocket
    self.deadline = deadline
    self.idleLimit = idleLimit
    self.comesWordByWord = comesWordByWord
    self.maximumResponseBytes = maximumResponseBytes
    self.isIdempotent = isIdempotent
  }
}
