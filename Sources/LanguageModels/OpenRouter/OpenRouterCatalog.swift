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
      let status = response.head.status
      var error = LanguageModelError(.init(status: status))
      error.report.status = status
      throw error
    }
    return response.body
  }

  private struct List: Decodable {
    struct Model: Decodable {
      struct Reasoning: Decodable {
        var defaultEnabled: Bool?
      }

      private enum CodingKeys: CodingKey {
        case id, supportedParameters, reasoning
      }

      var id: String?
      var takes: Parameters

      init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        id = container.name(.id)
        let parameters = container.lenient(.supportedParameters, as: [String].self)
        let reasoning = container.lenient(.reasoning, as: Reasoning.self)
        takes = Parameters(
          reasoning: parameters?.contains("reasoning") == true
            && reasoning?.defaultEnabled != false,
          schema: parameters?.contains("structured_outputs") == true)
      }
    }

    var data: [Model]
  }

  /// What a model says that it takes.
  struct Parameters {
    /// Its thinking can be bounded, and it thinks without being asked to: a budget would be such a
    /// wish.
    var reasoning: Bool
    /// It answers by a JSON Schema.
    var schema: Bool
  }

  /// Those of each model, by its name.
  func parameters() async throws(LanguageModelError) -> [String: Parameters] {
    guard let list = ProviderJSON.decode(List.self, from: try await models(), with: .snakeCase)
    else { throw LanguageModelError(.answerMalformed) }
    let named = list.data.compactMap { model in model.id.map { ($0, model.takes) } }
    return Dictionary(named) { first, _ in first }
  }
}
