package import Metering

extension ModelProvider {
  package static let openAICompatible: ModelProvider = "openai-compatible"
}

extension Provider {
  /// Any one server that speaks OpenAI's chat completions: LiteLLM's proxy, vLLM, Ollama, DeepSeek
  /// and the like.
  static let openAICompatible = Provider(
    id: .openAICompatible, name: "the OpenAI-compatible server", section: "openai_compatible",
    baseURL: .ofOperator(example: "http://localhost:11434/v1"), needsKey: false,
    recipient: "a server that my operator has chosen",
    connect: { OpenAICompatibleModel(transport: $0, baseURL: $1, keys: $2, limits: $3) })
}
