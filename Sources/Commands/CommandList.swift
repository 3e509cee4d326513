package import Assistant
package import Builds
import Ledger
package import Messaging
package import Sales

/// Every command of the bot, in the order of `/help`.
package struct CommandList: Sendable {
  package let all: [any Command]

  package init(
    _ settings: BotSettings, models: OfferedModels, checkout: Checkout, outbox: Outbox,
    answers: AnswersUnderWay, desk: BuildDesk,
    botUsername: String?
  ) {
    let promotions = settings.promotions
    let subscriptions = SubscriptionCancellation(outbox: outbox)
    let others: [[any Command]] = [
      [
        StatusCommand(models: models, desk: desk),
        CreditsCommand(checkout: checkout, subscriptions: subscriptions),
        UsageCommand(), BuyCommand(checkout: checkout), PlanCommand(), CodeCommand(),
        VerifyCommand(), StopCommand(answers: answers),
        ModelCommand(models: models, terms: settings.terms),
        SettingsCommand(models: models, isStreaming: settings.streaming != .off),
        ResetCommand(outbox: outbox), NewCommand(desk: desk), RefineCommand(desk: desk),
        FilesCommand(desk: desk), HistoryCommand(desk: desk),
        CancelCommand(desk: desk, answers: answers), ProjectsCommand(), DoneCommand(),
      ],
      promotions.codesAreTaken ? [RedeemCommand()] : [],
      promotions.referralCredits > .zero
        ? [
          InviteCommand(
            credits: promotions.referralCredits, isSelling: !settings.store.sold.isEmpty,
            botUsername: botUsername)
        ] : [],
      [
        PaySupportCommand(
          text: settings.texts.paySupport,
          desk: SupportRequests(administrators: settings.administrators)),
        TermsCommand(text: settings.texts.terms), PrivacyCommand(text: settings.texts.privacy),
        DeleteMyDataCommand(erasure: AccountErasure(outbox: outbox), desk: desk),
        GrantCommand(), UserCommand(),
        ReportCommand(terms: settings.terms, usdPerStar: settings.store.usdPerStar),
        RefundCommand(), BroadcastCommand(broadcasts: BroadcastService(outbox: outbox)),
      ],
    ]
    let start = StartCommand(
      initialGrant: settings.initialGrant, initialGrantsPerDay: settings.initialGrantsPerDay,
      checkout: checkout, models: models, terms: settings.terms)
    let rest = others.flatMap { $0 }
    let help = HelpCommand(others: [start] + rest, takesReplies: outbox.channel != .console)
    all = [start, help] + rest
  }

  /// For whoever is no administrator, the commands of administrators do not exist.
  package func named(_ name: String, isAdministrator: Bool) -> (any Command)? {
    all.first { $0.name == name && (!$0.isForAdministrators || isAdministrator) }
  }

  /// What Telegram's menu shows.
  package func menu(forAdministrators: Bool) -> [any Command] {
    all.filter { !$0.isForAdministrators || forAdministrators }
  }
}
