package import Assistant
import Commands
package import LanguageModels
package import Ledger
package import Logging
package import Messaging
package import Metering
package import Replication
import Sales

/// Every setting, in the order of `config/aidevbot.example.yaml`. Nothing else lists them.
package struct DeclaredSettings: Sendable {
  // MARK: - Telegram

  package let telegramBotToken = Setting<String>(
    "telegram.bot_token", .botToken,
    unset: .problem("is not set; set it to the token that @BotFather gave your bot"),
    example: "123456:ABC-DEF", isSecret: true, isTakenWhileRunning: false,
    "The token that @BotFather gave your bot.")

  package let telegramAPIBaseURL = Setting<String>(
    "telegram.api_base_url", .telegramBaseURL, unset: .default("https://api.telegram.org"),
    isTakenWhileRunning: false, "Where the Bot API is.")

  package let telegramAdminUserIDs = Setting<[Int64]>(
    "telegram.admin_user_ids", .userIDs, unset: .value([]), example: "123456789,987654321",
    isTakenWhileRunning: false, "Telegram user ids, with commas between them.")

  package let telegramSendsPerSecond = Setting<Double>(
    "telegram.sends_per_second", .rate, unset: .default("30"), unit: "messages a second",
    isTakenWhileRunning: true, "How many messages a second the bot sends in all.")

  package let telegramSendsPerChatPerSecond = Setting<Double>(
    "telegram.sends_per_chat_per_second", .rate, unset: .default("1"), unit: "messages a second",
    isTakenWhileRunning: true, "How many a second to one chat, after a burst of three.")

  // MARK: - Providers

  package let providers = Provider.all.map(ProviderSettings.init)

  // MARK: - Database

  package let databaseFile = Setting<String?>(
    "database.path", .optional(.path), unset: .value(nil),
    example: "/var/lib/aidevbot/aidevbot.sqlite", isTakenWhileRunning: false,
    "The SQLite file with the accounts, the journal and everything else.")

  // MARK: - Money

  package let billingCreditValueUSD = Setting<String>(
    "billing.credit_value_usd", .billingDecimal, unset: .default("0.01"), unit: "US dollars",
    isTakenWhileRunning: true, "What one credit is worth, in US dollars.")

  package let billingMarkup = Setting<String>(
    "billing.markup", .billingDecimal, unset: .default("1.5"), isTakenWhileRunning: true,
    "What people pay is the real cost of a call times this.")

  package let billingRepairs = Setting<RepairTerms>(
    "billing.repairs", .repairTerms, unset: .default("at_cost"), isTakenWhileRunning: true,
    """
    Whether people pay for calls that mend what a build got wrong: at_cost without the markup, \
    charged as other calls, or free.
    """)

  package let billingInitialGrantCredits = Setting<Credits>(
    "billing.initial_grant_credits", .credits, unset: .default("100"), unit: "credits",
    isTakenWhileRunning: true, "What a new account starts with, in credits.")

  /// What strangers can take from the house in a day, besides, is what this many times the grant
  /// costs.
  package let billingInitialGrantsPerDay = Setting<Int?>(
    "billing.initial_grants_per_day", .dailyLimit, unset: .default("200"), unit: "people",
    isTakenWhileRunning: true, "How many new accounts get that within 24 hours.")

  package let billingLowBalanceCredits = Setting<Credits>(
    "billing.low_balance_credits", .credits, unset: .default("10"), unit: "credits",
    isTakenWhileRunning: true,
    """
    Whoever falls below so many credits is told so, once: under the answer, or in private after \
    one in a group or a call for a build; 0 for nobody.
    """)

  package let billingAskAboveShare = Setting<BalanceNotices.Share?>(
    "billing.ask_above_share", .share, unset: .default("0.5"), isTakenWhileRunning: true,
    """
    Whoever asks for what may cost more than this part of their balance is asked first; 0 for \
    nobody.
    """)

  /// Each price covers its credits at 0.013 USD for a Star and 0.01 USD for a credit; with a markup
  /// of 1.5, a third of the revenue and more is left.
  package let starsPackages = Setting<[CreditPackage]>(
    "stars.packages", .packages,
    unset: .defaults([
      "Starter: 250 for 200", "Builder: 1000 + 50 for 850", "Studio: 2500 + 250 for 2200",
    ]), isTakenWhileRunning: true,
    """
    What is for sale for Telegram Stars, each as "NAME: CREDITS for STARS" or with a bonus as \
    "NAME: CREDITS + BONUS for STARS".
    """)

  package let starsSubscription = Setting<CreditPackage?>(
    "stars.subscription", .optional(.monthlyPackage), unset: .value(nil),
    example: "\"Monthly: 1000 for 800\"", isTakenWhileRunning: true,
    "A package that is paid each month until it is canceled, at most 10000 Stars.")

  package let starsUSDPerStar = Setting<USD>(
    "stars.usd_per_star", .dollars, unset: .default("0.013"), unit: "US dollars",
    isTakenWhileRunning: true,
    "What Telegram pays for a Star, in US dollars: for reports and margins.")

  package let promotionsCodes = Setting<Bool>(
    "promotions.codes", .flag, unset: .default("false"), isTakenWhileRunning: true,
    "Whether /redeem takes the codes that `aidevbot codes create` makes.")

  package let promotionsReferralCredits = Setting<Credits>(
    "promotions.referral_credits", .credits, unset: .default("0"), unit: "credits",
    isTakenWhileRunning: true,
    "What both sides get once somebody invited has made a paid request, in credits.")

  // MARK: - Answers

  package let answersStreaming = Setting<AnswerStreaming>(
    "answers.streaming", .streaming, unset: .default("edits"), isTakenWhileRunning: true,
    """
    How people in Telegram see an answer grow: edits (a message that is edited), drafts \
    (Telegram's own, in private chats), or off (answers come whole).
    """)

  package let answersRichMessages = Setting<RichMessages>(
    "answers.rich_messages", .richMessages, unset: .default("never"), isTakenWhileRunning: true,
    """
    Whether answers with tables or formulas come as Telegram's rich messages: never, or \
    when_needed. Telegram Web and older apps show nothing of those.
    """)

  // MARK: - Texts

  package let textsPaySupport = Setting<String?>(
    "texts.paysupport", .optional(.message), unset: .value(nil), isShown: false,
    isTakenWhileRunning: true, "Your own words for /paysupport: how people reach you.")

  package let textsTerms = Setting<String?>(
    "texts.terms", .optional(.message), unset: .value(nil), isShown: false,
    isTakenWhileRunning: true, "Your own words for /terms: on what terms you sell.")

  package let textsPrivacy = Setting<String?>(
    "texts.privacy", .optional(.message), unset: .value(nil), isShown: false,
    isTakenWhileRunning: true, "Your own words for /privacy: what is stored and for how long.")

  // MARK: - Models

  package let pricingSyncOpenRouter = Setting<Bool>(
    "pricing.sync_openrouter", .flag, unset: .default("false"), isTakenWhileRunning: false,
    """
    Whether the bot compares its prices of openrouter/ with OpenRouter's own list once a day, and \
    takes over what has changed: for models that have a price or are in use below.
    """)

  package let modelsChat = Setting<[ModelID]?>(
    "models.chat", .optional(.models), unset: .value(nil),
    example: "\(TaskType.chat.defaultModels[0])", isTakenWhileRunning: true,
    "The model that answers questions, or a list of those that people may choose from.")

  package let modelsPlanning = Setting<[ModelID]?>(
    "models.planning", .optional(.models), unset: .value(nil),
    example: "\(TaskType.planning.defaultModels[0])", isTakenWhileRunning: true,
    "The model for /plan, which also plans and reviews what /new builds.")

  package let modelsCoding = Setting<[ModelID]?>(
    "models.coding", .optional(.models), unset: .value(nil),
    example: "\(TaskType.coding.defaultModels[0])", isTakenWhileRunning: true,
    "The model for /code, which also writes what /new builds.")

  package let modelsVerification = Setting<[ModelID]?>(
    "models.verification", .optional(.models), unset: .value(nil),
    example: "\(TaskType.verification.defaultModels[0])", isTakenWhileRunning: true,
    "The model for /verify.")

  // MARK: - Workshop

  package let workshopSocket = Setting<String>(
    "workshop.socket", .path, unset: .default("/run/aidevbot-workshop/socket"),
    isTakenWhileRunning: false,
    "The socket of the service that runs what models have written, or off.")

  // MARK: - Replication

  package let replicationLitestreamSocket = Setting<String?>(
    "replication.litestream_socket", .optional(.path), unset: .value(nil),
    example: "/run/aidevbot-litestream/socket", isTakenWhileRunning: false,
    """
    The control socket of Litestream 0.5. With it, nothing is promised before it is on the \
    replica: no update is confirmed to Telegram, no payment taken, no refund ordered, nothing sent.
    """)

  // MARK: - Standby

  package let standbyBucket = Setting<BucketAddress?>(
    "standby.bucket", .optional(.bucket), unset: .value(nil),
    example: "s3://BUCKET/aidevbot?region=eu-central-1", isTakenWhileRunning: false,
    """
    The bucket by which two machines share one bot: one works, the other stands by and takes over. \
    Both have the same settings.
    """)

  package let standbyTTL = Setting<Int>(
    "standby.ttl", .ttl, unset: .default("30"), unit: "seconds", isTakenWhileRunning: false,
    "How long, in seconds, the working machine may be silent before the other one takes over.")

  package let standbyLitestream = Setting<String>(
    "standby.litestream", .path, unset: .default("/usr/local/bin/litestream"),
    isTakenWhileRunning: false,
    "Litestream's program, by which the one that stands by follows the other's database.")

  // MARK: - Litestream

  package let litestreamAccessKeyID = Setting<String?>(
    "litestream.access_key_id", .optional(.path), unset: .value(nil),
    example: "AKIAIOSFODNN7EXAMPLE", isShown: false, isTakenWhileRunning: false,
    "The name of the key to that bucket, as in Litestream's own environment.")

  package let litestreamSecretAccessKey = Setting<String?>(
    "litestream.secret_access_key", .optional(.path), unset: .value(nil), isSecret: true,
    isTakenWhileRunning: false, "The key to that bucket.")

  // MARK: - Log

  package let logLevel = Setting<Logger.Level?>(
    "log.level", .optional(.logLevel), unset: .value(nil), example: "info",
    isTakenWhileRunning: true,
    "How much is logged: trace, debug, info, notice, warning, error or critical.")
}

/// The settings of one provider.
package struct ProviderSettings: Sendable {
  let provider: ModelProvider
  package let keys: Setting<[String]>
  package let baseURL: Setting<String?>

  init(of provider: Provider) {
    self.provider = provider.id
    keys = Setting(
      "\(provider.section).api_key", .keys, unset: .value([]), isSecret: true,
      isTakenWhileRunning: true,
      "One key of \(provider.name), or several with commas between them, used in turn.")
    baseURL = Setting(
      "\(provider.section).base_url", .optional(.baseURL(ownPath: provider.ownPath)),
      unset: provider.defaultBaseURL.map { .default($0) } ?? .value(nil),
      example: provider.exampleBaseURL, isTakenWhileRunning: false,
      "Where the API of \(provider.name) is.")
  }
}

extension DeclaredSettings {
  package func settings(of provider: Provider) -> ProviderSettings {
    guard let settings = providers.first(where: { $0.provider == provider.id }) else {
      preconditionFailure("a provider without settings")
    }
    return settings
  }

  /// All of them, found as ArgumentParser finds the options of a command: what is declared above
  /// cannot be forgotten here.
  package static let all: [any AnySetting] = settings(in: Settings.declared)

  package static let keys = all.map(\.key)

  private static func settings(in value: Any) -> [any AnySetting] {
    if let setting = value as? any AnySetting { return [setting] }
    return Mirror(reflecting: value).children.flatMap { settings(in: $0.value) }
  }
}
