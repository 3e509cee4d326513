import Assistant
import Foundation
package import Ledger
package import Messaging
import Metering
import Software

/// Presses of the buttons of a build. Whose it is, which version of the plan the button is of, and
/// whether what it asks for makes sense now is all looked at: a modified client makes up anything.
extension BuildDesk {
  /// `nil` for another button.
  package func press(
    _ argument: String, by account: UserAccount, in tx: LedgerTransaction
  ) throws -> ButtonResponse? {
    guard let press = BuildPress(argument: argument) else { return nil }
    guard let build = try tx.builds.find(press.buildID), build.userID == account.id else {
      return ButtonResponse(notice: "That is not yours to decide.")
    }
    guard press.version == build.version else {
      return ButtonResponse(notice: Self.outdated(build))
    }
    switch press.action {
    case .answer(let question, let number): return try answer(build, question, number, in: tx)
    case .youDecide(let question): return try answer(build, question, nil, in: tx)
    case .justBuild: return try justBuild(build, in: tx)
    case .change: return try askForChange(build, in: tx)
    case .quoteAgain: return try quoteAgain(build, in: tx)
    case .build: return try agree(build, in: tx)
    case .cancel, .stop:
      guard build.state.isOpen else { return ButtonResponse(notice: Self.outdated(build)) }
      let ended = try end(build, in: tx)
      return ButtonResponse(notice: "Stopped.", replacement: try endReply(of: ended, in: tx))
    case .takeUp: return try takeUp(build, by: account, in: tx)
    case .pause: return try pause(build, in: tx)
    case .goOn: return try resume(build, in: tx)
    case .goOnWith(let number): return try resume(build, withModel: number, in: tx)
    case .deliver: return try deliverAsItIs(build, in: tx)
    }
  }

  private static func outdated(_ build: Build) -> String {
    switch build.state {
    case .running, .pausing, .delivering: "I am already building it."
    case .delivered: "It has already been built and delivered."
    case .stopped: "That build has ended."
    default: "That button is out of date. /status has the right ones."
    }
  }

  // MARK: - Questions

  private func answer(
    _ build: Build, _ question: Int, _ number: Int?, in tx: LedgerTransaction
  ) throws -> ButtonResponse {
    guard build.awaitsWords, build.plan == nil, let questions = build.questions?.questions,
      questions.indices.contains(question), build.said.answers.indices.contains(question)
    else { return ButtonResponse(notice: "That has already been decided.") }
    let answers = questions[question].answers
    if let number, !answers.indices.contains(number) {
      return ButtonResponse(notice: "There is no such answer.")
    }
    var next = build
    next.said.answers[question] = number.map { answers[$0] } ?? "you decide"
    let isComplete = next.openQuestion == nil
    next.awaitsWords = !isComplete
    try tx.builds.save(next)
    if isComplete { wakeAfterCommit(of: tx) }
    return ButtonResponse(
      notice: isComplete ? "Thank you. I am planning it now." : "Noted.",
      replacement: BuildMessages.questions(of: next))
  }

  private func justBuild(_ build: Build, in tx: LedgerTransaction) throws -> ButtonResponse {
    guard build.awaitsWords, build.plan == nil else {
      return ButtonResponse(notice: "I am already planning it.")
    }
    var next = build
    next.said.answers = next.said.answers.map { $0 ?? "you decide" }
    next.awaitsWords = false
    try tx.builds.save(next)
    wakeAfterCommit(of: tx)
    return ButtonResponse(
      notice: "I am planning it now.", replacement: BuildMessages.questions(of: next))
  }

  // MARK: - Plan and price

  private func askForChange(_ build: Build, in tx: LedgerTransaction) throws -> ButtonResponse {
    guard build.state == .quoted || build.state == .planned else {
      return ButtonResponse(notice: Self.outdated(build))
    }
    // What is done so far belongs to the plan that it was done by.
    guard build.cap == nil else {
      return ButtonResponse(
        notice: "It is already being built. /refine changes it once it is delivered.")
    }
    var next = build
    next.awaitsWords = true
    try tx.builds.save(next)
    return ButtonResponse(
      notice: "What should be different?",
      also: [
        .message(
          Reply("What should be different? Write it to me in your own words."),
          to: build.place.chatID)
      ])
  }

  private func quoteAgain(_ build: Build, in tx: LedgerTransaction) throws -> ButtonResponse {
    guard build.state == .planned, let plan = build.plan else {
      return ButtonResponse(notice: Self.outdated(build))
    }
    var next = build
    do {
      next.quote = try QuoteMaker(environment).quote(for: &next, plan, in: tx)
    } catch is StepRefusal {
      return ButtonResponse(notice: "I still cannot say what it costs. Please try again later.")
    }
    next.state = .quoted
    next.version += 1
    try tx.builds.save(next)
    try messages.propose(next, try environment.noteOfMissingModels(next, in: tx), in: tx)
    return ButtonResponse(notice: "Here is the price.", takesButtons: true)
  }

  /// The person agrees to the cap. A second tap finds another version.
  private func agree(_ build: Build, in tx: LedgerTransaction) throws -> ButtonResponse {
    guard build.state == .quoted, let quote = build.quote else {
      return ButtonResponse(notice: Self.outdated(build))
    }
    var next = build
    next.cap = quote.cap
    next.awaitsWords = false
    try goOn(next, in: tx)
    return ButtonResponse(
      notice: "I am on it: never more than \(quote.cap.text) credits.", takesButtons: true)
  }

  // MARK: - Pauses

  private func pause(_ build: Build, in tx: LedgerTransaction) throws -> ButtonResponse {
    guard build.state == .running else { return ButtonResponse(notice: Self.outdated(build)) }
    var next = build
    next.state = .pausing
    try tx.builds.save(next)
    try messages.showProgress(next, nil, in: tx)
    wakeAfterCommit(of: tx)
    return ButtonResponse(notice: "I will pause once this step is done.")
  }

  /// Prices and models are looked at anew. Within what was agreed to, it goes on at once; beyond
  /// it, the person is asked.
  private func resume(
    _ build: Build, withModel number: Int? = nil, in tx: LedgerTransaction
  ) throws -> ButtonResponse {
    guard build.state == .paused else { return ButtonResponse(notice: Self.outdated(build)) }
    var next = build
    if let choice = try choose(&next, number, in: tx) { return choice }
    guard let plan = next.plan, let cap = next.cap else {
      if build.pauseReason == .mayCostMuch { next.said.consent?.isGiven = true }
      try goOn(next, in: tx)
      return ButtonResponse(notice: "I am going on.", takesButtons: true)
    }
    let quote: Build.Quote
    do {
      quote = try QuoteMaker(environment).quote(for: &next, plan, in: tx)
    } catch is StepRefusal {
      return ButtonResponse(notice: "I cannot go on right now. Please try again later.")
    }
    guard build.pauseReason == .cap else {
      try goOn(next, in: tx)
      return ButtonResponse(
        notice: "I am going on. In all it usually costs \(quote.low.text)–\(quote.high.text), "
          + "never more than \(cap.text) credits.", takesButtons: true)
    }
    // Never less than was agreed to before.
    let offer = Build.Quote(
      low: quote.low, high: quote.high, cap: max(quote.cap, cap), factor: quote.factor)
    next.quote = offer
    next.state = .quoted
    next.version += 1
    try tx.builds.save(next)
    return ButtonResponse(
      notice: "This is what the rest would cost.",
      replacement: BuildMessages.restOffer(of: next, offer, agreed: cap))
  }

  /// Where a model has gone, the person chooses another; `nil` once there are both.
  private func choose(
    _ build: inout Build, _ number: Int?, in tx: LedgerTransaction
  ) throws -> ButtonResponse? {
    let offered = environment.orchestrator.offered
    let planners = try offered.all(for: .planning, in: tx)
    if let planner = build.planner, !planners.contains(planner) { build.planner = planners.first }
    let none = ButtonResponse(
      notice: "I have no model for this right now. Please try again later.")
    guard !planners.isEmpty else { return none }
    let coders = try offered.all(for: .coding, in: tx)
    guard let coder = build.coder, !coders.contains(coder) else { return nil }
    if let number, coders.indices.contains(number) {
      build.coder = coders[number]
      return nil
    }
    guard !coders.isEmpty else { return none }
    let buttons = coders.prefix(6).enumerated().map { index, model in
      BuildPress(.goOnWith(index), build).button("\(model)")
    }
    return ButtonResponse(
      notice: "Choose another model.",
      replacement: Reply(
        "\(coder) is no longer on offer. Which model shall I use instead?",
        buttons: Array(buttons) + [BuildPress(.cancel, build).button("Cancel")]))
  }

  /// Goes on with what was put aside: with its plan at the price of today, else with the planning.
  private func takeUp(
    _ build: Build, by account: UserAccount, in tx: LedgerTransaction
  ) throws -> ButtonResponse {
    // Once a project has been built otherwise, a plan of before does not fit it.
    guard build.state == .stopped, build.cap == nil, !build.idea.isEmpty,
      try tx.builds.newest(ofProject: build.projectID)?.id == build.id
    else { return ButtonResponse(notice: Self.outdated(build)) }
    let open = try tx.builds.open(ofUser: account.id)
    if let open, open.cap != nil {
      return ButtonResponse(
        notice: "I build one thing at a time.",
        also: [.message(busy(open), to: account.telegramUserID)])
    }
    let aside = try open.map { try putAside($0, in: tx) }
    var next = build
    next.version += 1
    next.said.consent = nil
    if next.plan != nil {
      try BuildDriver(environment).propose(&next, in: tx)
    } else {
      next.state = .asking
      next.awaitsWords = next.openQuestion != nil && next.said.words.isEmpty
      if next.awaitsWords { try messages.ask(next, in: tx) }
    }
    try tx.builds.save(next)
    try tx.builds.noteGoingOn(next)
    try tx.users.setActiveProject(next.projectID, ofUser: account.id)
    wakeAfterCommit(of: tx)
    return ButtonResponse(
      notice: next.goesOn ? "I am planning it now." : "Here it is.", takesButtons: true,
      also: aside.map { [.message($0, to: account.telegramUserID)] } ?? [])
  }

  private func deliverAsItIs(_ build: Build, in tx: LedgerTransaction) throws -> ButtonResponse {
    guard build.state == .paused || (build.state == .quoted && build.cap != nil) else {
      return ButtonResponse(notice: Self.outdated(build))
    }
    guard try !tx.builds.files(ofProject: build.projectID).contents.isEmpty else {
      return ButtonResponse(notice: "There are no files yet.")
    }
    var next = build
    next.state = .delivering
    next.pauseReason = nil
    next.version += 1
    try tx.builds.save(next)
    wakeAfterCommit(of: tx)
    return ButtonResponse(notice: "I am packing what there is.", takesButtons: true)
  }
}
