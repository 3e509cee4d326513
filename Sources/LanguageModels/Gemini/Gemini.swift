package import Metering

extension ModelProvider {
  package static let google: ModelProvider = "google"
}

extension Provider {
  static let gemini = Provider(
    id: .google, name: "Gemini", section: "gemini",
    baseURL: .standard("https://generativelanguage.googleapis.com"), ownPath: "/v1beta",
    keysPage: "https://aistudio.google.com/apikey", listedNamePrefix: "models/",
    priceListPrefix: "gemini/", recipient: "Google",
    connect: { GeminiModel(transport: $0, baseURL: $1, keys: $2, limits: $3) })
}
