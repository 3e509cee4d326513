import Installation
package import Metering

extension LanguageModelError {
  /// What happened, and what an operator can do or type about it. In brackets, what the provider
  /// said: its status, its code words, and a sentence of its own where it is a known one.
  ///
  /// - Parameter model: The one that was called.
  package func operatorMessage(model: ModelID) -> String {
    let provider = Provider.with(model.provider)
    let name = provider?.name ?? model.provider.rawValue
    let said = self.report.text.map { " (\($0))" } ?? ""
    let cause = cause(of: name, model)
    guard let advice = advice(on: provider) else { return "\(cause)\(said)." }
    return "\(cause)\(said). \(advice)"
  }

  /// One word for the reason, such as `keyRejected`.
  package var reasonWord: String { String("\(self.reason)".prefix { $0 != "(" }) }

  private func cause(of name: String, _ model: ModelID) -> String {
    let isKeyless = self.keyIdentifier == nil || self.keyIdentifier == "none"
    let key = isKeyless ? "whoever has no key" : "the key \(self.keyIdentifier ?? "")"
    return switch self.reason {
    case .keyRejected: "\(name) rejects \(key) in calls to \(model)"
    case .accessDenied: "\(name) denies \(key) the use of \(model)"
    case .locationRefused: "\(name) refuses calls to \(model) from where this machine is"
    case .modelUnknown: "\(name) has no model for calls to \(model), or none at its price"
    case .notTheAPI: "A web page or a redirect answers calls to \(model) in place of \(name)"
    case .providerOutOfFunds: "The account at \(name) has no money left for calls to \(model)"
    case .spendLimitReached:
      "A spending limit at \(name) is reached, of the account or of \(key), in calls to \(model)"
    case .quotaExhausted: "The day's quota of \(key) at \(name) is used up for \(model)"
    case .refusedRequest: "\(name) refuses a request to \(model) as one that it cannot work with"
    default: "Calls to \(model) fail: \(reasonWord)"
    }
  }

  private func advice(on provider: Provider?) -> String? {
    let page = provider?.keysPage.map { " at \($0)" } ?? ""
    let section = provider?.section.uppercased() ?? ""
    let here = Installation.current
    return switch self.reason {
    case .keyRejected:
      "Make a new key\(page), \(here.setting(secret: "\(section)_API_KEY")) and type: "
        + "sudo systemctl restart aidevbot."
    case .accessDenied:
      "See what the account may use\(page); then type: \(here.program) doctor."
    case .locationRefused:
      "Run the bot elsewhere, or name a model of another provider in the settings MODELS_* and "
        + "type: sudo systemctl reload aidevbot."
    case .modelUnknown:
      "Correct the model's name in the settings MODELS_* and type: sudo systemctl reload aidevbot. "
        + "Its price is set by: \(here.program) pricing set."
    case .notTheAPI:
      "A CDN, a proxy or a country's filter may stand between. Check \(section)_BASE_URL and the "
        + "network, and type: \(here.program) doctor."
    case .providerOutOfFunds: "Top up\(page); then type: \(here.program) doctor."
    case .spendLimitReached: "Raise it\(page); then type: \(here.program) doctor."
    case .quotaExhausted:
      "It ends with the day. For more, raise the quota\(page), or add a key to "
        + "\(here.credential("\(section)_API_KEY") ?? "\(section)_API_KEY") and type: "
        + "sudo systemctl restart aidevbot."
    case .refusedRequest:
      "If it happens again, it is a fault in the bot: type journalctl -u aidevbot and report it."
    default: nil
    }
  }
}

extension LanguageModelError.Report {
  /// `status 429, RESOURCE_EXHAUSTED: “Your prepayment credits are depleted”`; `nil` if there was
  /// no response.
  package var text: String? {
    let facts = ([status.map { "status \($0)" }].compactMap(\.self) + words)
      .joined(separator: ", ")
    let quote = sentence.map { "“\($0)”" }
    if facts.isEmpty { return quote }
    return [facts, quote].compactMap(\.self).joined(separator: ": ")
  }
}
