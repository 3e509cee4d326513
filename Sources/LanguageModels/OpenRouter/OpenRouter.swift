package import Metering

extension ModelProvider {
  package static let openrouter: ModelProvider = "openrouter"
}

extension Provider {
  package static let openRouter = Provider(
    id: .openrouter, name: "OpenRouter", section: "openrouter",
    baseURL: .standard("https://openrouter.ai/api/v1"),
    keysPage: "https://openrouter.ai/keys", needsVendor: true, priceListPrefix: "openrouter/",
    recipient: "OpenRouter and the providers behind it",
    connect: { OpenRouterModel(transport: $0, baseURL: $1, keys: $2, limits: $3) })
}
