import Assistant
import Foundation
import GRDB
import Ledger
import Messaging
import Sales

/// `/start`: opens the account, once, with the initial grant; after that it shows the balance.
struct StartCommand: Command {
  let name = "start"
  let summary = "Open your account, or see your balance"
  let isPersonal = true
  let initialGrant: Credits
  let initialGrantsPerDay: Int?
  let checkout: Checkout
  let models: OfferedModels
  let terms: BillingTerms

  /// Begins the argument that an invitation brings along.
  static let invitation = "ref_"

  func respond(to request: CommandRequest, in tx: LedgerTransaction) throws -> CommandResponse {
    let (account, isNew) = try tx.users.register(
      request.profile, initialGrant: initialGrant, grantsPerDay: initialGrantsPerDay)
    let isBuying = request.argument == Checkout.startParameter
    if isNew, request.argument.hasPrefix(Self.invitation) {
      let code = String(request.argument.dropFirst(Self.invitation.count))
      try tx.referrals.note(code: code, newcomer: account)
    }
    let firstName = account.firstName?.onOneLine.trimmingCharacters(in: .whitespaces) ?? ""
    let name = firstName.isEmpty ? "" : ", \(firstName)"
    guard isNew else {
      let welcome = isWelcomedNow(request, account) ? "\n\nYour welcome credits have arrived." : ""
      return .reply(
        Reply(
          """
          Good to see you again\(name). Your balance is \(account.balance.text) \
          credits.\(welcome)

          Ask me anything, or send /help for everything I can do.\
          \(try cost(account, in: tx).map { "\n\n\($0)" } ?? "")
          """,
          buttons: isBuying ? checkout.buttons : []))
    }
    return .reply(
      Reply(
        """
        Welcome\(name)! I am an AI developer in your chat:
        • I answer questions about software, and remember what we said.
        • /plan turns an idea into a plan with a task list.
        • /code writes complete code, and /verify checks yours.
        • /new builds software from an idea: a plan, a price, then a zip. /help shows the rest.

        \(grant(of: account)) \(try cost(account, in: tx).map { "\($0) " } ?? "")Each answer \
        says what it cost, and you never pay for one that failed.

        Just write what you need\(isBuying ? "." : ", or try one of these, at the usual price:")
        """,
        buttons: isBuying ? checkout.buttons : Trial.allCases.map(\.button)))
  }

  /// What a typical question costs with the person's model; `nil` if it cannot be sold.
  private func cost(_ account: UserAccount, in tx: LedgerTransaction) throws -> String? {
    let preferences = try Preferences.of(account.id, in: tx)
    let (model, _) = try models.model(for: .chat, preferences, in: tx)
    guard try tx.pricing.whyNotSold(model) == nil else { return nil }
    let usage = try TypicalUsage.of(account.id, task: TaskType.chat.rawValue, in: tx)
    let charge = try usage.charge(at: tx.pricing.sold(model), terms, PriceMoment(tx.now))
    // A word is about four thirds of a token.
    return usage.requests == nil
      ? "A typical answer of some \(usage.outputTokens * 3 / 4) words costs about "
        + "\(charge.aboutText) credits."
      : "What you ask typically costs about \(charge.aboutText) credits."
  }

  private func isWelcomedNow(_ request: CommandRequest, _ account: UserAccount) -> Bool {
    request.existingAccount?.isOwedWelcome == true && !account.isOwedWelcome
  }

  private func grant(of account: UserAccount) -> String {
    let isSelling = !checkout.buttons.isEmpty
    if account.isOwedWelcome {
      return """
        Your account is open. So many people have come today that the welcome credits have run \
        out; send /start again tomorrow for yours\(isSelling ? ", or see /credits" : "").
        """
    }
    guard account.balance == .zero else {
      return "To begin with, there are \(account.balance.text) credits on your account."
    }
    let way =
      isSelling
      ? "/credits shows how to get credits." : "Please ask whoever runs this bot for credits."
    return account.isReturning
      ? "Your new account is open. Welcome credits come only once. \(way)"
      : "Your account is open. \(way)"
  }
}
