package import HTTPTransport
package import Metering

/// Who runs models, described once: whatever names, sets up, checks or calls providers goes
/// through `all`.
package struct Provider: Sendable {
  package enum BaseURL: Sendable {
    /// Unless the settings have another.
    case standard(String)
    /// Only the settings say; this is what it looks like.
    case ofOperator(example: String)
  }

  package var id: ModelProvider
  /// In a sentence.
  package var name: String
  /// Of the settings `api_key` and `base_url`; of `gemini`, they are GEMINI_API_KEY and
  /// GEMINI_BASE_URL in the environment.
  package var section: String
  package var baseURL: BaseURL
  /// What its requests put behind the base URL, and addresses of it are often shown with.
  package var ownPath: String?
  /// Whether it can be called with a key alone.
  package var needsKey = true
  /// Where keys are made.
  package var keysPage: String?
  /// Whether its models are named VENDOR/NAME.
  package var needsVendor = false
  /// What its own list puts before a model's name, if anything: `models/` with Gemini.
  package var listedNamePrefix: String?
  /// What the names of its models begin with in LiteLLM's price list; `nil` if they cannot be told
  /// there.
  package var priceListPrefix: String?
  /// Who gets what people ask, as /privacy says it.
  package var recipient: String
  /// Makes a client. The base URL has no slash at its end.
  package var connect:
    @Sendable (
      _ transport: HTTPTransport, _ baseURL: String, _ keys: KeyRing, _ limits: CallLimits
    ) -> any LanguageModel

  /// Those that can be called, apart from the demo, for which nothing is set up.
  package static let all = [gemini, openRouter, openAICompatible]

  package static func with(_ id: ModelProvider) -> Provider? {
    all.first { $0.id == id }
  }
}

// MARK: - Names

extension Provider {
  /// How its models are written, as in `openrouter/VENDOR/NAME`.
  package var modelForm: String { needsVendor ? "\(id)/VENDOR/NAME" : "\(id)/NAME" }

  /// Without what its own list puts before a name.
  package func ownName(_ name: String) -> String {
    guard let listedNamePrefix, name.hasPrefix(listedNamePrefix) else { return name }
    return String(name.dropFirst(listedNamePrefix.count))
  }

  /// `google/NAME, openrouter/VENDOR/NAME or …`
  package static var modelForms: String {
    all.map(\.modelForm).joined(separator: ", ", last: " or ")
  }

  /// The setting, as the environment names it, without which it is not called.
  package var essentialSetting: String {
    section.uppercased() + (needsKey ? "_API_KEY" : "_BASE_URL")
  }

  /// Those that can be told in LiteLLM's price list.
  package static var priceListPrefixes: [(key: String, provider: ModelProvider)] {
    all.compactMap { provider in provider.priceListPrefix.map { ($0, provider.id) } }
  }

  package var defaultBaseURL: String? {
    if case .standard(let url) = baseURL { url } else { nil }
  }

  package var exampleBaseURL: String {
    switch baseURL {
    case .standard(let url), .ofOperator(let url): url
    }
  }
}

extension [String] {
  /// As in `a, b or c`.
  package func joined(separator: String, last: String) -> String {
    guard count > 1 else { return joined() }
    return dropLast().joined(separator: separator) + last + self[count - 1]
  }
}
