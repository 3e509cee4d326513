import Ledger
import Messaging

/// Where in a conversation a question stands, and what goes along with it.
extension ModelOrchestrator {
  /// A turn of a conversation: what a question follows, and what becomes of its answer.
  struct Turn: Sendable {
    var conversation: Conversation
    var context: Conversation.Context
    /// The exchange whose place this one takes.
    var replaces: Exchange?
    /// The update of the answer that it was asked in reply to.
    var askedAfter: Int64?
    /// Whether it goes on where that answer was cut off.
    var goesOn = false
  }

  package static let answerIsForgotten =
    "That answer is no longer in our conversation, so I cannot go on from it. Please ask me anew."

  /// `nil` if it goes on with an answer that is not there any more. What was said in private is not
  /// told in a group, nor what a project is about.
  func turn(
    of work: Work, _ account: UserAccount, in tx: LedgerTransaction
  ) throws -> Turn? {
    func exchange(_ id: Int64) throws -> Exchange? {
      let found = try Exchange.find(id, ofUser: account.id, in: tx)
      return found?.conversation.groupID == work.sender.groupID ? found : nil
    }
    switch work.position {
    case .end: break
    case .after(let id):
      guard let last = try exchange(id) else { break }
      return Turn(
        conversation: last.conversation,
        context: try last.conversation.context(endingWith: last, in: tx), askedAfter: id)
    case .goingOn(let id):
      guard let last = try exchange(id) else { return nil }
      return Turn(
        conversation: last.conversation,
        context: try last.conversation.context(endingWith: last, always: true, in: tx),
        askedAfter: id, goesOn: true)
    case .inPlace(let id):
      guard let former = try exchange(id)?.successor(in: tx) else { break }
      return Turn(
        conversation: former.conversation,
        context: try former.conversation.context(before: former, in: tx), replaces: former,
        askedAfter: former.askedAfter, goesOn: former.goesOn)
    }
    let isPrivate = work.sender.isPrivate
    let conversation = Conversation(
      userID: account.id, projectID: isPrivate ? try projectID(of: work, account, in: tx) : nil,
      groupID: work.sender.groupID)
    return Turn(conversation: conversation, context: try conversation.context(in: tx))
  }

  /// A question belongs to the project that was active when it arrived. Where that depends on
  /// messages before it, it belongs to the one that is active once those are handled.
  private func projectID(
    of work: Work, _ account: UserAccount, in tx: LedgerTransaction
  ) throws -> String? {
    switch try environment.inbox.projectAtArrival(of: work.updateID, in: tx) {
    case .undecided: return account.activeProjectID
    case .noProject: return nil
    case .project(let id):
      // Those of an account that was erased meanwhile are gone.
      let isTheirs = try tx.projects.find(id)?.userID == account.id
      return isTheirs ? id : account.activeProjectID
    }
  }

  /// Adds the answer to the conversation. Returns whether the person is to be told that the
  /// beginning of it does not go along any more.
  func keep(_ answer: String, of call: PaidCall, in tx: LedgerTransaction) throws -> Bool {
    let (turn, work) = (call.turn, call.work)
    try turn.replaces?.replace(by: work.updateID, in: tx)
    try turn.conversation.append(
      question: call.question, answer: answer, updateID: work.updateID, task: work.task,
      askedAfter: turn.askedAfter, goesOn: turn.goesOn, questionMessageID: work.sender.replyTo,
      in: tx)
    guard work.sender.isPrivate, turn.context.isCut else { return false }
    return try turn.conversation.tellsOfCut(updateID: work.updateID, in: tx)
  }

  /// The answer, with what it goes on from.
  func wholeAnswer(_ answer: String, of call: PaidCall, in tx: LedgerTransaction) throws -> String {
    guard call.turn.goesOn, let id = call.turn.askedAfter,
      let first = try Exchange.find(id, ofUser: call.account.id, in: tx)
    else { return answer }
    return try first.whole(in: tx).answer + answer
  }

  static let cutConversation =
    "Our conversation has become long, so its beginning no longer goes along with your questions; "
    + "/reset begins a fresh one."
}
