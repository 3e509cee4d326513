import LanguageModels
package import Metering

extension TaskType {
  /// Which models do this work where no setting names one, the best suited first. Each has a price
  /// in `config/starter-prices.json`, and each provider whose models are known has one.
  package var defaultModels: [ModelID] {
    let (flash, pro, sonnet) = (
      ModelID(provider: .google, name: "gemini-3.8-flash"),
      ModelID(provider: .google, name: "gemini-3.1-pro-preview"),
      ModelID(provider: .openrouter, name: "anthropic/claude-sonnet-5.5")
    )
    return switch self {
    case .chat: [flash, sonnet]
    case .planning, .verification: [pro, sonnet]
    case .coding: [sonnet, pro]
    }
  }

  /// The first of them that can be called and has a price, or else the first that can be called,
  /// or else the first.
  package func defaultModel(
    canCall: (ModelProvider) -> Bool, isSold: (ModelID) -> Bool
  ) -> ModelID {
    let callable = defaultModels.filter { canCall($0.provider) }
    return callable.first(where: isSold) ?? callable.first ?? defaultModels[0]
  }
}
