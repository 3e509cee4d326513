package import Configuration

/// The keys of the configuration. The name in the environment is a contract; in the file, the part
/// before the first underscore is a section of its own: `TELEGRAM_BOT_TOKEN` is `bot_token` in
/// `telegram`.
package enum SettingsKey: String, CaseIterable {
  case telegramBotToken = "telegram.bot_token"
  case telegramAPIBaseURL = "telegram.api_base_url"
  case telegramAdminUserIDs = "telegram.admin_user_ids"
  case telegramSendsPerSecond = "telegram.sends_per_second"
  case telegramSendsPerChatPerSecond = "telegram.sends_per_chat_per_second"
  case geminiAPIKey = "gemini.api_key"
  case geminiBaseURL = "gemini.base_url"
  case openRouterAPIKey = "openrouter.api_key"
  case openRouterBaseURL = "openrouter.base_url"
  case openAICompatibleAPIKey = "openai_compatible.api_key"
  case openAICompatibleBaseURL = "openai_compatible.base_url"
  case databasePath = "database.path"
  case billingCreditValueUSD = "billing.credit_value_usd"
  case billingMarkup = "billing.markup"
  case billingInitialGrantCredits = "billing.initial_grant_credits"
  case starsPackages = "stars.packages"
  case starsSubscription = "stars.subscription"
  case starsUSDPerStar = "stars.usd_per_star"
  case promotionsCodes = "promotions.codes"
  case promotionsReferralCredits = "promotions.referral_credits"
  case textsPaySupport = "texts.paysupport"
  case textsTerms = "texts.terms"
  case textsPrivacy = "texts.privacy"
  case pricingSyncOpenRouter = "pricing.sync_openrouter"
  case modelsChat = "models.chat"
  case modelsPlanning = "models.planning"
  case modelsCoding = "models.coding"
  case modelsVerification = "models.verification"
  case logLevel = "log.level"

  package var configKey: AbsoluteConfigKey { AbsoluteConfigKey(ConfigKey(rawValue)) }

  /// The part of the file that it stands in.
  package var section: String { String(rawValue.prefix { $0 != "." }) }

  package var isSecret: Bool {
    [.telegramBotToken, .geminiAPIKey, .openRouterAPIKey, .openAICompatibleAPIKey].contains(self)
  }

  /// Whether a running bot takes a new value: whom it works for, and where, it does not change.
  package var mayChangeWhileRunning: Bool {
    switch self {
    case .telegramSendsPerSecond, .telegramSendsPerChatPerSecond, .geminiAPIKey, .openRouterAPIKey,
      .openAICompatibleAPIKey, .billingCreditValueUSD, .billingMarkup, .billingInitialGrantCredits,
      .starsPackages,
      .starsSubscription, .starsUSDPerStar, .promotionsCodes, .promotionsReferralCredits,
      .textsPaySupport, .textsTerms, .textsPrivacy, .modelsChat, .modelsPlanning, .modelsCoding,
      .modelsVerification, .logLevel:
      true
    default: false
    }
  }

  /// Whether its values may be written down: neither secrets nor long texts.
  package var isShown: Bool { !isSecret && section != "texts" }

  package var environmentName: String {
    rawValue.uppercased().replacing(".", with: "_")
  }
}
