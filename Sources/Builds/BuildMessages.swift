import Foundation
import Ledger
import Messaging
import Software
import TelegramBotAPI

/// What people are told of a build.
package struct BuildMessages: Sendable {
  let outbox: Outbox
  /// What is for sale.
  let offers: [Button]

  private func say(
    _ reply: Reply, of build: Build, as purpose: Purpose? = nil, in tx: LedgerTransaction
  ) throws {
    try outbox.queue(
      [.message(reply, to: build.place.chatID, purpose)], topic: build.topic, in: tx)
  }

  // MARK: - Questions

  /// All of them in one message, with buttons for the one that is to be answered next.
  func ask(_ build: Build, in tx: LedgerTransaction) throws {
    try say(Self.questions(of: build), of: build, in: tx)
  }

  /// As `ask` shows them, with what has been answered.
  static func questions(of build: Build) -> Reply {
    let questions = build.questions?.questions ?? []
    let open = build.openQuestion
    var lines = [
      questions.count == 1
        ? "Before I plan it, one question." : "Before I plan it, \(questions.count) questions."
    ]
    if open != nil {
      lines.append(
        "Tap an answer, or write to me in your own words. \u{201C}Just build it\u{201D} leaves the "
          + "rest to me.")
    }
    lines.append("")
    for (index, question) in questions.enumerated() {
      lines.append("\(index + 1). \(question.text)")
      if build.said.answers.indices.contains(index), let answer = build.said.answers[index] {
        lines.append("   ✓ \(answer)")
      } else if index != open {
        lines.append("   " + question.answers.joined(separator: " · "))
      }
    }
    var buttons: [Button] = []
    if let open {
      let prefix = questions.count > 1 ? "\(open + 1). " : ""
      buttons = questions[open].answers.enumerated().map { number, answer in
        BuildPress(.answer(question: open, number), build).button(prefix + answer)
      }
      buttons.append(BuildPress(.youDecide(question: open), build).button(prefix + "You decide"))
    }
    if build.awaitsWords {
      buttons.append(BuildPress(.justBuild, build).button("Just build it"))
    }
    return Reply(lines.joined(separator: "\n"), buttons: buttons)
  }

  // MARK: - Plan and price

  /// - Parameter note: Of models that stand in for others.
  func propose(_ build: Build, _ note: String?, in tx: LedgerTransaction) throws {
    guard let plan = build.plan else { return }
    var below = [note].compactMap(\.self)
    if plan.tasks.allSatisfy(\.command.isEmpty) {
      below.append(
        "I cannot run programs here, so I will build it without running it, and say what is "
          + "untested."
      )
    }
    var buttons: [Button] = []
    if let quote = build.quote, build.state == .quoted {
      below.append(Self.price(quote))
      buttons.append(BuildPress(.build, build).button("Build it"))
    } else {
      below.append(
        "I cannot say right now what it will cost; I have noted it for my operator. Please try "
          + "again later.")
      buttons.append(BuildPress(.quoteAgain, build).button("Try again"))
    }
    buttons.append(BuildPress(.change, build).button("Change something"))
    buttons.append(BuildPress(.cancel, build).button("Cancel"))
    try say(
      Reply(
        markdown: plan.markdown, below: below.joined(separator: "\n\n"), buttons: buttons),
      of: build, in: tx)
  }

  static func price(_ quote: Build.Quote) -> String {
    """
    It usually costs \(quote.low.text)–\(quote.high.text) credits, never more than \
    \(quote.cap.text), including the planning so far. Nothing more is charged until you tap \
    \u{201C}Build it\u{201D}.
    """
  }

  /// Where the person has agreed to too little for the rest.
  static func restOffer(of build: Build, _ quote: Build.Quote, agreed: Credits) -> Reply {
    Reply(
      """
      With the rest, \(build.name) would usually cost \(quote.low.text)–\(quote.high.text) credits \
      in all, never more than \(quote.cap.text). So far you have agreed to \(agreed.text).
      """,
      buttons: [
        BuildPress(.build, build).button("Go on, up to \(quote.cap.text)"),
        BuildPress(.deliver, build).button("Send what is there"),
        BuildPress(.cancel, build).button("Cancel"),
      ])
  }

  // MARK: - Progress

  /// What is being done.
  enum Doing: Sendable {
    case call(BuildStep.Kind)
    case check
  }

  /// In one message, which is edited; in a terminal, a line each.
  func showProgress(_ build: Build, _ doing: Doing?, in tx: LedgerTransaction) throws {
    guard build.cap != nil else { return }
    guard outbox.channel != .console else {
      guard let line = Self.line(build, doing) else { return }
      return try say(Reply(line), of: build, in: tx)
    }
    let reply = try progress(of: build, doing, in: tx)
    if let messageID = build.progressMessageID {
      try outbox.replaceEdit(messageID, inChat: build.place.chatID, by: reply, in: tx)
    }
  }

  /// The message that is edited from then on.
  func beginProgress(_ build: Build, in tx: LedgerTransaction) throws {
    guard outbox.channel != .console else { return }
    try say(
      try progress(of: build, nil, in: tx), of: build, as: .buildProgress(build.id), in: tx)
  }

  private static func line(_ build: Build, _ doing: Doing?) -> String? {
    let task =
      build.plan?.tasks.indices.contains(build.taskIndex) == true
      ? build.plan?.tasks[build.taskIndex].title : nil
    guard let words = doing?.words(round: build.round) else { return nil }
    return "\(task ?? build.plan?.title ?? "The whole"): \(words) …"
  }

  func progress(
    of build: Build, _ doing: Doing?, in tx: LedgerTransaction
  ) throws -> Reply {
    guard let plan = build.plan else { return Reply("I am planning it.") }
    let ends = BuildStep.ends(in: try tx.builds.steps(of: build.id))
    var lines = ["Building \u{201C}\(plan.title)\u{201D}", ""]
    for (index, task) in plan.tasks.enumerated() {
      switch ends[index] {
      case .done: lines.append("✅ \(task.title)")
      case .unchecked: lines.append("☑️ \(task.title) (not run)")
      case .leftOpen: lines.append("⚠️ \(task.title) (left open)")
      case nil where index == build.taskIndex:
        let words = doing?.words(round: build.round)
        lines.append("▶️ \(task.title)" + (words.map { ": \($0) …" } ?? ""))
      case nil: lines.append("▫️ \(task.title)")
      }
    }
    if build.areTasksDone, build.state != .delivered {
      lines.append("▶️ A last look at the whole …")
    }
    let spent = try tx.builds.spent(on: build.id)
    lines += ["", "\(spent.text) of at most \((build.cap ?? .zero).text) credits so far."]
    let stop = BuildPress(.stop, build).button("Stop")
    var buttons: [Button] = []
    switch build.state {
    case .running: buttons = [BuildPress(.pause, build).button("Pause"), stop]
    case .pausing:
      lines.append("I will pause once this step is done.")
      buttons = [stop]
    case .delivered: lines.append("Done.")
    case .stopped: lines.append("Stopped.")
    case .paused: lines.append("Paused.")
    default: break
    }
    return Reply(lines.joined(separator: "\n"), buttons: buttons)
  }

  // MARK: - Pauses

  func tellOfPause(
    _ build: Build, shortfall: Credits? = nil, in tx: LedgerTransaction
  ) throws {
    try say(try pauseText(build, shortfall: shortfall, in: tx), of: build, in: tx)
  }

  func pauseText(
    _ build: Build, shortfall: Credits?, in tx: LedgerTransaction
  ) throws -> Reply {
    if build.pauseReason == .mayCostMuch, let most = build.said.consent?.micro {
      return Reply(
        "Planning this may cost up to \(Credits(micro: most).text) credits. Nothing is charged "
          + "before you say so.",
        buttons: [
          BuildPress(.goOn, build).button("Do it"), BuildPress(.cancel, build).button("Cancel"),
        ])
    }
    let reason =
      build.pauseReason?.sentence(
        shortfall: shortfall, isAgreed: build.cap != nil, isSelling: !offers.isEmpty) ?? ""
    var text = "I have paused the work on \(build.name). \(reason)"
    if build.plan != nil {
      text += "\n\nIt has cost \(try tx.builds.costInWords(of: build.id)). What is done is kept."
    }
    var buttons = [BuildPress(.goOn, build).button("Go on")]
    if build.pauseReason == .credits {
      buttons += offers
    }
    if build.cap != nil { buttons.append(BuildPress(.deliver, build).button("Send what is there")) }
    buttons.append(BuildPress(.cancel, build).button("Cancel"))
    return Reply(text, buttons: buttons)
  }

  // MARK: - Delivery

  func deliver(
    _ build: Build, _ situation: Situation, zip: [UInt8], named name: String,
    repairs: RepairTerms, in tx: LedgerTransaction
  ) throws {
    guard let plan = build.plan else { return }
    let isActive = try tx.users.account(id: build.userID).activeProjectID == build.projectID
    try say(
      Reply(
        markdown: try summary(of: build, plan, situation, repairs, in: tx),
        below: "/files shows each file. To change something, send /refine and say what."
          + (isActive ? "" : " /projects switches to it first.")),
      of: build, in: tx)
    let document = try BotRequest.sendDocument(
      chatID: build.place.chatID,
      BotRequest.Attachment(
        fileName: name, contentType: "application/zip", data: Data(zip)))
    try outbox.queue(
      [.request(document, chat: build.place.chatID)], topic: build.topic, in: tx)
  }

  private func summary(
    of build: Build, _ plan: BuildPlan, _ situation: Situation, _ repairs: RepairTerms,
    in tx: LedgerTransaction
  ) throws -> String {
    let ends = situation.ends
    func titles(_ end: TaskEnd?) -> [String] {
      plan.tasks.indices.filter { ends[$0] == end }.map { "- \(plan.tasks[$0].title)" }
    }
    let open = titles(.leftOpen) + titles(nil)
    var parts = [
      "## \(plan.title)\(open.isEmpty ? " is ready" : ", as far as it is")", plan.purpose,
    ]
    let passed = situation.steps.last { $0.kind == .check && $0.passed }
    if let passed {
      let last = passed.outputOfCheck.split(separator: "\n").suffix(8).joined(separator: "\n")
      let tasks = plan.tasks.count == 1 ? "task" : "tasks"
      let count =
        "**Ran and passed:** \(titles(.done).count) of \(plan.tasks.count) \(tasks)."
      let end = last.replacing("```", with: "'''")
      parts.append(last.isEmpty ? count : "\(count) The last check:\n\n```\n\(end)\n```")
    }
    let unchecked = titles(.unchecked)
    if !unchecked.isEmpty {
      parts.append("**Built, but not run:**\n" + unchecked.joined(separator: "\n"))
    }
    if !open.isEmpty { parts.append("**Left open:**\n" + open.joined(separator: "\n")) }
    if let review = situation.steps.last(where: { $0.kind == .review && $0.state == .done }),
      !review.outcome.isEmpty
    {
      parts.append(
        (review.passed ? "**A last look:** " : "**A last look found:** ") + review.outcome)
    }
    parts.append(try cost(of: build, repairs, in: tx))
    return parts.filter { !$0.isEmpty }.joined(separator: "\n\n")
  }

  private func cost(
    of build: Build, _ repairs: RepairTerms, in tx: LedgerTransaction
  ) throws -> String {
    let charges = try tx.builds.charges(of: build.id)
    func sum(_ kinds: [BuildStep.Kind]) throws -> Credits {
      try kinds.reduce(.zero) { try $0.adding(charges[$1] ?? .zero) }
    }
    let parts = [
      ("planning", try sum([.questions, .plan, .change, .planRepair])),
      ("writing", try sum([.write])),
      (repairs.summaryWords, try sum([.repair, .decision, .mend])),
      ("the last look", try sum([.review])),
    ].filter { $0.1 > .zero }.map { "\($0.0) \($0.1.text)" }
    let total = try tx.builds.spent(on: build.id)
    var text = "**Cost:** \(total.text) credits"
    if let cap = build.cap { text += " of at most \(cap.text)" }
    return text + (parts.isEmpty ? "." : ": \(parts.joined(separator: ", ")).")
  }
}

extension BuildService {
  /// For people. What a call that was stopped had written is charged for once it has ended.
  func costInWords(of id: String) throws -> String {
    let (charged, held) = try tx.spending(ofBuild: id)
    return "\(charged.text) credits so far"
      + (held > .zero ? ", and whatever the model had just written comes on top" : "")
  }
}

extension BuildMessages.Doing {
  func words(round: Int) -> String {
    switch self {
    case .check: "running it"
    case .call(.repair): "mending what failed, round \(round)"
    case .call(.mend): "mending what I found"
    case .call(.decision): "looking for another way"
    case .call(.review): "a last look at the whole"
    case .call: "writing it"
    }
  }
}

extension RepairTerms {
  fileprivate var summaryWords: String {
    switch self {
    case .atCost: "repairs (at our cost)"
    case .charged: "repairs"
    case .free: "repairs (free)"
    }
  }
}

extension Build.PauseReason {
  /// What the person can do about it.
  ///
  /// - Parameters:
  ///   - isAgreed: Whether they have agreed to a price.
  ///   - isSelling: Whether there are credits for sale.
  func sentence(shortfall: Credits?, isAgreed: Bool, isSelling: Bool) -> String {
    switch self {
    case .asked: "Tap \u{201C}Go on\u{201D} whenever you like, even weeks from now."
    case .credits:
      "Your credits do not cover the next step"
        + (shortfall.map { ": it needs at least \($0.text) more" } ?? "")
        + (isSelling
          ? ". I go on by myself once you have bought some, or when you tap \u{201C}Go on\u{201D}."
          : ". Please ask whoever runs this bot for more, and then tap \u{201C}Go on\u{201D}.")
    case .cap:
      "The next step could cost more than you have agreed to. Tap \u{201C}Go on\u{201D} to see "
        + "what the rest would cost."
    case .mayCostMuch: "What is next may cost much of your balance."
    case .dailyLimit:
      "Your own daily limit leaves too little for the next step. Tap \u{201C}Go on\u{201D} "
        + "tomorrow (from 00:00 UTC). If you raise the limit in /settings, that counts from "
        + "tomorrow, too."
    case .lossBound:
      "Several of your requests were stopped or ended without an answer today, at my expense. "
        + "Please tap \u{201C}Go on\u{201D} later, tomorrow at the latest."
    case .nothingIsSold:
      "I cannot take paid work right now; I have noted it for my operator. \(tryAgain(" later"))"
    case .model where !isAgreed:
      "The model for this is not available right now; I have noted it for my operator. "
        + tryAgain(" later")
    case .model:
      "The model it was using is no longer available. Tap \u{201C}Go on\u{201D} to choose another."
    case .provider:
      "The model is not answering, which cost you nothing. \(tryAgain(" in a while"))"
    case .noPlan:
      "I could not turn it into a plan. Tap \u{201C}Go on\u{201D} to try again, or put the idea "
        + "differently with /new."
    case .interrupted:
      "I was interrupted twice at the same step, which cost you nothing. \(tryAgain())"
    case .restored: "I was restored from a backup. Tap \u{201C}Go on\u{201D} to continue."
    case .fault:
      "Something went wrong on my side, and I have noted it for my operator. \(tryAgain())"
    }
  }

  private func tryAgain(_ when: String = "") -> String {
    "Tap \u{201C}Go on\u{201D}\(when) to try again."
  }
}
