package import Foundation
package import HTTPTransport

/// OpenRouter's list of the models that it serves, `GET /models`, which needs no key
/// (openrouter.ai/docs, "Models").
package struct OpenRouterCatalog: Sendable {
  /// In bytes; several times the list of today.
  private static let maximumListLength = 32 << 20

  private let transport: HTTPTransport
  private let baseURL: String
  private let timeout: Duration

  /// - Parameter baseURL: As in `https://openrouter.ai/api/v1`.
  package init(transport: HTTPTransport, baseURL: String, timeout: Duration = .seconds(60)) {
    self.transport = transport
    self.baseURL = baseURL
    self.timeout = timeout
  }

  /// The list as it came, for whoever knows about money.
  package func models() async throws(LanguageModelError) -> Data {
    let response: HTTPResponse
    do {
      response = try await transport.send(
        HTTPRequest(
          .get, baseURL + "/models", deadline: timeout,
          maximumResponseBytes: Self.maximumListLength,
          isIdempotent: true))
    } catch {
      throw LanguageModelError(error)
    }
    guard response.head.isSuccess else {
      throw LanguageModelError(.init(status: response.head.status))
    }
    return response.body
  }
}
