package import Assistant
import Foundation
import GRDB
package import Ledger
package import Messaging
import Metering
import Software
import TelegramBotAPI

/// What people ask for of their builds, by commands, buttons and words. All of it is answered from
/// local data; the engine does the rest.
package struct BuildDesk: Sendable {
  let environment: BuildDriver.Environment
  /// Tells the engine, once it is committed, that there is something to do.
  let wake: @Sendable () -> Void

  package init(_ environment: BuildDriver.Environment, wake: @escaping @Sendable () -> Void) {
    self.environment = environment
    self.wake = wake
  }

  var messages: BuildMessages {
    BuildMessages(outbox: environment.outbox, offers: environment.orchestrator.offers)
  }

  func wakeAfterCommit(of tx: LedgerTransaction) {
    tx.afterCommit { [wake] in wake() }
  }

  // MARK: - Beginning

  /// Opens a project for an idea, and has the planner look at it. What was only planned so far is
  /// put aside.
  ///
  /// - Parameter words: What the project is called by, where that is not the idea.
  /// - Returns: What to say, and whether it has begun.
  package func begin(
    idea: String, calledBy words: String? = nil, by account: UserAccount, topic: Topic?,
    in tx: LedgerTransaction
  ) throws -> (reply: Reply, hasBegun: Bool) {
    let open = try tx.builds.open(ofUser: account.id)
    if let open, open.cap != nil { return (busy(open), false) }
    guard idea.utf8.count <= Build.maximumWords else {
      return (Reply("That idea is too long for me. Please say it in fewer words."), false)
    }
    guard try tx.projects.count(ofUser: account.id) < Project.maximumPerUser else {
      let text =
        "You have \(Project.maximumPerUser) projects, which is as many as I can keep for you."
      return (Reply(text), false)
    }
    let aside = try open.map { try putAside($0, in: tx) }
    let title = Self.title(of: words ?? idea)
    let project = try tx.projects.create(title: title, userID: account.id)
    let place = Build.Place(
      channel: environment.outbox.channel, chatID: account.telegramUserID,
      threadID: topic?.threadID)
    let build = try tx.builds.begin(
      .new, idea: idea, ofUser: account.id, project: project.id, at: place)
    try tx.builds.save(build)
    wakeAfterCommit(of: tx)
    let text = """
      Project \u{201C}\(project.title)\u{201D} is open. I am looking at your idea, and will come \
      back with questions or a plan. Until you agree to a price, you pay only for this planning, \
      as for any answer.
      """
    let parts = [text, aside?.text].compactMap(\.self)
    let reply = Reply(parts.joined(separator: "\n\n"), buttons: aside?.buttons ?? [])
    return (reply, true)
  }

  /// Has built what an answer has planned or sketched. A second tap changes nothing.
  package func begin(
    from exchange: Exchange, by account: UserAccount, topic: Topic?, in tx: LedgerTransaction
  ) throws -> ButtonResponse {
    let (question, answer) = try exchange.whole(in: tx)
    let idea = "\(question)\n\n\(answer)".withoutMiddle(limit: Build.maximumWords - 100)
    if let open = try tx.builds.open(ofUser: account.id), open.cap == nil, open.idea == idea {
      return ButtonResponse(notice: "I am already on it.")
    }
    let (reply, hasBegun) = try begin(
      idea: idea, calledBy: RepliedMessage.words(of: question), by: account, topic: topic, in: tx)
    return ButtonResponse(
      notice: hasBegun ? "I am on it." : "I cannot begin that now.",
      also: [.message(reply, to: account.telegramUserID)])
  }

  /// A change of the active project, if it was delivered.
  package func refine(
    _ words: String, by account: UserAccount, topic: Topic?, in tx: LedgerTransaction
  ) throws -> Reply {
    guard words.utf8.count <= Build.maximumWords else {
      return Reply("That is too long for me. Please say it in fewer words.")
    }
    if let open = try tx.builds.open(ofUser: account.id) {
      guard open.cap == nil, open.state == .quoted || open.state == .planned else {
        return busy(open)
      }
      return try change(open, words, in: tx)
    }
    guard let id = account.activeProjectID, let last = try tx.builds.newest(ofProject: id),
      let plan = try tx.builds.newestPlan(ofProject: id)
    else {
      return Reply(
        "I have not finished building anything in this project yet. Begin one with /new and "
          + "your idea; /projects switches to another.")
    }
    var build = try tx.builds.begin(
      .refinement, idea: last.idea, ofUser: account.id, project: id,
      at: Build.Place(
        channel: environment.outbox.channel, chatID: account.telegramUserID,
        threadID: topic?.threadID))
    build.said.words = [words]
    try tx.builds.save(build)
    wakeAfterCommit(of: tx)
    let name = plan.quotedTitle
    return Reply("I am planning the change of \(name), and will come back with what it costs.")
  }

  /// Of what has only been planned. It can be taken up again.
  func putAside(_ open: Build, in tx: LedgerTransaction) throws -> Reply {
    let ended = try end(open, in: tx)
    let title = try ended.plan?.title ?? tx.projects.find(ended.projectID)?.title ?? ""
    let name = "\u{201C}\(title)\u{201D}"
    return Reply(
      "I have put \(name) aside; its planning cost \(try tx.builds.costInWords(of: ended.id)).",
      buttons: [BuildPress(.takeUp, ended).button("Take up \(name) again")])
  }

  func busy(_ open: Build) -> Reply {
    Reply(
      """
      I am already at work on \(open.name), and build one thing at a time. /status shows how far \
      it is, and /cancel ends it.
      """,
      buttons: [BuildPress(.cancel, open).button("Cancel it")])
  }

  /// The beginning of the idea, until the plan has a better one.
  private static func title(of idea: String) -> String {
    let line = idea.onOneLine.trimmingCharacters(in: .whitespaces)
    let words = line.split(separator: " ")
    var title = ""
    for word in words {
      guard (title + " " + word).utf16.count <= 60 else {
        return (title.isEmpty ? String(line.prefix(30)) : title) + "…"
      }
      title += (title.isEmpty ? "" : " ") + word
    }
    return title
  }

  // MARK: - Words

  /// Takes a text that answers the planner, or says what is to change; `nil` if none is waited for.
  ///
  /// - Parameter repliesToAnswer: Whether it goes on from an answer, and so asks for another one.
  package func take(
    _ words: String, by account: UserAccount, repliesToAnswer: Bool,
    in tx: LedgerTransaction
  ) throws -> Reply? {
    guard !words.isEmpty, !repliesToAnswer, let build = try tx.builds.open(ofUser: account.id),
      build.awaitsWords, build.place.channel == environment.outbox.channel.rawValue
    else { return nil }
    guard words.utf8.count <= Build.maximumWords else {
      return Reply("That is too long for me. Please say it in fewer words.")
    }
    guard build.plan == nil else { return try change(build, words, in: tx) }
    var next = build
    next.said.words.append(words)
    next.awaitsWords = false
    try tx.builds.save(next)
    wakeAfterCommit(of: tx)
    return Reply("Thank you. I am planning it now.")
  }

  private func change(
    _ build: Build, _ words: String, in tx: LedgerTransaction
  ) throws -> Reply {
    var next = build
    next.said.words.append(words)
    next.awaitsWords = false
    next.state = .asking
    next.version += 1
    try tx.builds.save(next)
    wakeAfterCommit(of: tx)
    return Reply(
      "I am changing the plan of \(build.name), and will come back with the new price.")
  }

  // MARK: - Endings

  /// Ends what is open; the call under way is stopped.
  ///
  /// - Parameter isAnswering: Whether it is perhaps an answer that is to end.
  package func cancel(
    by account: UserAccount, isAnswering: Bool = false, in tx: LedgerTransaction
  ) throws -> Reply {
    guard let build = try tx.builds.open(ofUser: account.id) else {
      return Reply(
        "Nothing is being planned or built, so there is nothing to cancel"
          + (isAnswering ? "; /stop ends the answer." : "."))
    }
    return try endReply(of: try end(build, in: tx), in: tx)
  }

  /// Pauses what is being built at once, for whoever interrupts it at a terminal.
  ///
  /// - Returns: Whether there was anything.
  package func interrupt(ofTelegramUser id: Int64, in tx: LedgerTransaction) throws -> Bool {
    guard let account = try tx.users.find(telegramUserID: id),
      var build = try tx.builds.open(ofUser: account.id), build.goesOn, build.state != .delivering
    else { return false }
    build.pause(for: .asked)
    try tx.builds.save(build)
    try messages.tellOfPause(build, in: tx)
    stopCallAfterCommit(of: build, in: tx)
    return true
  }

  /// Stops whatever an account that is erased has under way.
  package func stopAll(of account: UserAccount, in tx: LedgerTransaction) throws {
    guard let build = try tx.builds.open(ofUser: account.id) else { return }
    try end(build, in: tx)
  }

  @discardableResult
  func end(_ build: Build, in tx: LedgerTransaction) throws -> Build {
    var ended = build
    ended.state = .stopped
    ended.pauseReason = nil
    ended.awaitsWords = false
    ended.version += 1
    try tx.builds.save(ended)
    try messages.showProgress(ended, nil, in: tx)
    stopCallAfterCommit(of: build, in: tx)
    return ended
  }

  private func stopCallAfterCommit(of build: Build, in tx: LedgerTransaction) {
    let (underWay, id) = (environment.underWay, build.id)
    tx.afterCommit { underWay.stop(id) }
  }

  func endReply(of build: Build, in tx: LedgerTransaction) throws -> Reply {
    let cost = try tx.builds.costInWords(of: build.id)
    guard build.cap != nil else {
      return Reply(
        "I have put it aside. The planning cost \(cost).",
        buttons: [BuildPress(.takeUp, build).button("Take it up again")])
    }
    let isEmpty = try tx.builds.files(ofProject: build.projectID).contents.isEmpty
    return Reply(
      "Stopped. It has cost \(cost). "
        + (isEmpty ? "Nothing was written yet." : "What was built is kept: /files shows it."))
  }

  /// Goes on with what waits for credits, once there are some.
  package func goOnAfterPurchase(
    ofTelegramUser id: Int64, in tx: LedgerTransaction
  ) throws {
    guard let account = try tx.users.find(telegramUserID: id),
      let build = try tx.builds.open(ofUser: account.id), build.state == .paused,
      build.pauseReason == .credits
    else { return }
    try goOn(build, in: tx)
  }

  /// As it was before the pause; the models and prices are looked at anew.
  func goOn(_ build: Build, in tx: LedgerTransaction) throws {
    var next = build
    next.pauseReason = nil
    next.version += 1
    // Before anybody agreed to a price, the planner was at work.
    next.state = build.cap == nil ? .asking : .running
    if try build.areTasksDone && tx.builds.isReviewed(build.id) { next.state = .delivering }
    try tx.builds.save(next)
    try tx.builds.noteGoingOn(next)
    if next.state == .running { try messages.beginProgress(next, in: tx) }
    wakeAfterCommit(of: tx)
  }
}

extension Build {
  var name: String { plan?.quotedTitle ?? "your idea" }
}

extension BuildPlan {
  var quotedTitle: String { "\u{201C}\(title)\u{201D}" }
}
