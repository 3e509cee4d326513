import Configuration

/// The keys of the configuration. The name in the environment is a contract; in the file, the part
/// before the first underscore is a section of its own: `TELEGRAM_BOT_TOKEN` is `bot_token` in
/// `telegram`.
enum SettingsKey: String, CaseIterable {
  case telegramBotToken = "telegram.bot_token"
  case telegramAPIBaseURL = "telegram.api_base_url"
  case telegramAdminUserIDs = "telegram.admin_user_ids"
  case telegramSendsPerSecond = "telegram.sends_per_second"
  case telegramSendsPerChatPerSecond = "telegram.sends_per_chat_per_second"
  case geminiAPIKey = "gemini.api_key"
  case geminiBaseURL = "gemini.base_url"
  case openRouterAPIKey = "openrouter.api_key"
  case openRouterBaseURL = "openrouter.base_url"
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

  var configKey: AbsoluteConfigKey { AbsoluteConfigKey(ConfigKey(rawValue)) }

  var environmentName: String {
    rawValue.uppercased().replacing(".", with: "_")
  }
}
