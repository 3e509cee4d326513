/// A failure for which providers have a code word or a sentence of their own.
///
/// A sentence may echo the prompt or a key. So what is kept of one is its fixed part, as it stands
/// here, and nothing of the rest. Where the fault is one of the account, a sentence is known by its
/// beginning, lest a prompt that is echoed bring it about.
struct KnownFault {
  var reason: LanguageModelError.Reason
  /// Code words, of any field.
  var words: Set<String> = []
  /// Fixed parts in their order, with `…` for what is between them; one that begins with `…` may
  /// stand anywhere.
  var sentences: [String] = []

  /// What was recognised.
  struct Match {
    var reason: LanguageModelError.Reason
    var sentence: String?
  }

  /// In characters: what is looked at of a sentence.
  private static let longestSentence = 4_000

  /// The first fault that fits.
  static func find(words: [String], sentences: [String]) -> Match? {
    let texts = sentences.map { $0.prefix(longestSentence).lowercased() }
    for fault in all {
      let sentence = fault.sentences.first { known in texts.contains { fits(known, $0) } }
      if sentence != nil || !fault.words.isDisjoint(with: words) {
        return Match(reason: fault.reason, sentence: sentence)
      }
    }
    return nil
  }

  /// - Parameter text: In small letters.
  private static func fits(_ known: String, _ text: String) -> Bool {
    var rest = text[...]
    for (number, part) in known.lowercased().split(
      separator: "…", omittingEmptySubsequences: false
    ).enumerated() where !part.isEmpty {
      guard let place = rest.firstRange(of: part), number > 0 || place.lowerBound == rest.startIndex
      else { return false }
      rest = rest[place.upperBound...]
    }
    return true
  }
}

extension KnownFault {
  private static let all = [
    promptTooLong, blocked, keyRejected, locationRefused, quotaExhausted, spendLimitReached,
    outOfFunds, accessDenied, modelUnknown,
  ]

  /// Gemini; OpenAI, vLLM, DeepSeek and OpenRouter; Anthropic; xAI; llama.cpp; LM Studio; LiteLLM;
  /// Moonshot; MiniMax; Groq.
  private static let promptTooLong = KnownFault(
    reason: .promptTooLong,
    words: [
      "context_length_exceeded", "context_window_exceeded", "string_above_max_length",
      "tokens_limit_reached", "request_too_large", "exceed_context_size_error",
    ],
    sentences: [
      "…prompt is too long", "…input is too long", "…maximum context length",
      "…token count…exceeds the maximum number of tokens", "…token count…only supports up to",
      "…request payload size exceeds the limit", "…maximum prompt length is",
      "…exceeds the available context size", "…context size has been exceeded",
      "…exceeds the context window", "…greater than the context length",
      "…context window exceeds limit", "…exceeded model token limit",
      "…reduce the length of the messages", "…reduce the length of the prompt",
      "…ContextWindowExceededError", "Request too large for",
      "…`inputs` tokens + `max_new_tokens` must be",
    ])

  /// OpenAI, Azure and OpenRouter; DeepSeek; xAI.
  private static let blocked = KnownFault(
    reason: .blocked(reason: "content_filter"),
    words: [
      "content_filter", "content_policy_violation", "refusal", "ResponsibleAIPolicyViolation",
    ],
    sentences: ["Content Exists Risk", "Content violates usage guidelines"])

  private static let keyRejected = KnownFault(
    reason: .keyRejected,
    words: ["API_KEY_INVALID", "API_KEY_EXPIRED", "invalid_api_key"],
    sentences: [
      "API key not valid", "API key not found", "API key expired",
      "Your API key was reported as leaked", "Incorrect API key provided", "Invalid API key",
      "No auth credentials found", "Missing Authentication header", "Authentication Fails",
    ])

  /// Gemini; OpenAI; OpenRouter; Groq.
  private static let locationRefused = KnownFault(
    reason: .locationRefused,
    words: ["unsupported_country_region_territory", "RegionError"],
    sentences: [
      "User location is not supported for the API use",
      "Gemini API free tier is not available in your country",
      "Country, region, or territory not supported", "This model is not available in your region",
      "This model is not available in your country", "The model…is not available in your region",
      "Access denied. Please check your network settings",
    ])

  /// Those of Gemini are told by the quota's name. OpenRouter; OpenAI and Groq.
  private static let quotaExhausted = KnownFault(
    reason: .quotaExhausted,
    words: ["openrouter_free_tier_daily"],
    sentences: [
      "Rate limit exceeded: free-models-per-day", "Key limit exceeded (daily limit)",
      "Rate limit reached for…on requests per day (RPD)",
      "Rate limit reached for…on tokens per day (TPD)",
    ])

  /// Gemini; OpenRouter; OpenAI; Anthropic; LiteLLM.
  private static let spendLimitReached = KnownFault(
    reason: .spendLimitReached,
    words: ["billing_hard_limit_reached", "budget_exceeded", "openrouter_key_limit"],
    sentences: [
      "Your project has exceeded its monthly spending cap",
      "Your billing account has exceeded its monthly spending cap", "Key limit exceeded",
      "Billing hard limit has been reached", "You have reached your specified API usage limits",
      "Budget has been exceeded", "ExceededBudget",
    ])

  /// Gemini; OpenRouter; OpenAI; DeepSeek; Anthropic; xAI.
  private static let outOfFunds = KnownFault(
    reason: .providerOutOfFunds,
    words: [
      "insufficient_quota", "billing_not_active", "insufficient_balance", "payment_required",
    ],
    sentences: [
      "Your prepayment credits are depleted", "Insufficient credits",
      "This request requires more credits", "Insufficient Balance",
      "Your account is not active, please check your billing details",
      "Your credit balance is too low", "Your newly created team…doesn't have any credits",
      "Your team…has either used all available credits or reached its monthly spending limit",
    ])

  /// Google; OpenRouter; OpenAI; LiteLLM; Fireworks.
  private static let accessDenied = KnownFault(
    reason: .accessDenied,
    words: [
      // Gemini's where something of the account is to be set up first.
      "FAILED_PRECONDITION", "SERVICE_DISABLED", "BILLING_DISABLED", "CONSUMER_SUSPENDED",
      "API_KEY_SERVICE_BLOCKED",
      "API_KEY_HTTP_REFERRER_BLOCKED", "API_KEY_IP_ADDRESS_BLOCKED", "account_deactivated",
      "organization_restricted", "key_model_access_denied",
    ],
    sentences: [
      "Your project has been denied access", "Generative Language API has not been used in project",
      "Permission denied: Consumer…has been suspended",
      // A model that the free tier has not: tomorrow is no better.
      "You exceeded your current quota…, limit: 0, model:",
      "No endpoints found matching your data policy",
      "No endpoints available matching your guardrail restrictions",
      "Your organization must be verified to", "Account suspended",
      "Project…does not have access to",
    ])

  /// Gemini; OpenRouter; OpenAI, vLLM and Groq; DeepSeek; Mistral; Azure; Ollama; LiteLLM.
  private static let modelUnknown = KnownFault(
    reason: .modelUnknown,
    words: [
      "model_not_found", "model_decommissioned", "invalid_model", "DeploymentNotFound",
      "unknown_model",
    ],
    sentences: [
      "* GenerateContentRequest.model: unexpected model name format", "…is not a valid model ID",
      "models/…is not found for API version", "This model…is no longer available",
      "No endpoints found for", "No allowed providers are available for the selected model",
      "The model…does not exist", "The model…has been decommissioned", "Model Not Exist",
      "Invalid model:", "model…not found, try pulling it first",
      "…Invalid model name passed in model=",
    ])
}
