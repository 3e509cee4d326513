package import Foundation

/// The status line and headers of a response.
package struct HTTPResponseHead: Sendable {
  package var status: Int
  /// In the order received.
  package var headers: [(name: String, value: String)]

  package init(status: Int, headers: [(name: String, value: String)] = []) {
    self.status = status
    self.headers = headers
  }

  /// The first header of that name, compared without case.
  package func header(_ name: String) -> String? {
    headers.first { $0.name.caseInsensitiveCompare(name) == .orderedSame }?.value
  }
}

/// A response that has arrived whole.
package struct HTTPResponse: Sendable {
  package var head: HTTPResponseHead
  package var body: Data

  package init(head: HTTPResponseHead, body: Data) {
    self.head = head
    self.body = body
  }
}

/// A response whose head has arrived and whose body is still on its way.
package struct HTTPResponseStream: Sendable {
  package var head: HTTPResponseHead
  /// The body's bytes as they arrive. Fails with an `HTTPError` alone. Dropping it ends the
  /// transfer. What is not yet read is kept, up to the request's `maximumResponseBytes`.
  package var body: AsyncThrowingStream<Data, any Error>
}
