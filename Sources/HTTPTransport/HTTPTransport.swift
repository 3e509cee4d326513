import Foundation

/// HTTP/1.1 over libcurl, with keep-alive, a deadline on everything and an async face.
///
/// All transfers of one transport share one `CurlLoop`, that is one serial Dispatch queue.
package final class HTTPTransport: Sendable {
  /// What every request says of whom it is from.
  package static let userAgent = "aidevbot"

  /// How long connections may take, and live.
  package struct Limits: Sendable {
    /// For name look-up, TCP and TLS together.
    package var connect: Duration
    /// A kept-alive connection that was idle for longer is not used again: servers drop idle ones,
    /// and each such race costs a request.
    package var idleConnection: Duration

    /// For how long what comes word by word is gathered before it is handed over; the first words
    /// are at once. Nobody reads faster, and each look at a socket costs as much as many words.
    package var gathering: Duration

    package init(
      connect: Duration = .seconds(5), idleConnection: Duration = .seconds(30),
      gathering: Duration = .milliseconds(200)
    ) {
      self.connect = connect
      self.idleConnection = idleConnection
      self.gathering = gathering
    }
  }

  private let loop: CurlLoop

  package init(limits: Limits = Limits()) {
    loop = CurlLoop(limits: limits)
    loop.start()
  }

  deinit {
    loop.stop()
  }

  /// Makes one exchange and returns its response, whatever the status is.
  package func send(_ request: HTTPRequest) async throws(HTTPError) -> HTTPResponse {
    let ticket = Ticket()
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        loop.submit(request, ticket, delivery: .whole(continuation))
      }
    } onCancel: {
      loop.cancel(ticket)
    }
    return try result.get()
  }

  /// Starts one exchange and returns as soon as the response's head is there; the body follows as
  /// it arrives.
  package func stream(_ request: HTTPRequest) async throws(HTTPError) -> HTTPResponseStream {
    let ticket = Ticket()
    let (body, bytes) = AsyncThrowingStream<Data, any Error>.makeStream()
    bytes.onTermination = { [loop] reason in
      if case .cancelled = reason { loop.cancel(ticket) }
    }
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        loop.submit(request, ticket, delivery: .streamed(head: continuation, body: bytes))
      }
    } onCancel: {
      loop.cancel(ticket)
    }
    return HTTPResponseStream(head: try result.get(), body: body)
  }
}
