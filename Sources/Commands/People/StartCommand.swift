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
    let name = account.firstName.map { ", \($0.onOneLine)" } ?? ""
    guard isNew else {
      let welcome = isWelcomedNow(request, account) ? "\n\nYour welcome credits are there now." : ""
      return .reply(
        Reply(
          """
          Good to see you again\(name). Your balance is \(account.balance.text) \
          credits.\(welcome)

          Ask me anything, or send /help for everything I can do.
          """,
          buttons: isBuying ? checkout.buttons : []))
    }
    return .reply(
      Reply(
        """
        Welcome\(name)! I am an AI developer: I plan, write and check software with you.

        \(Self.grant(of: account)) Each answer says what it cost, and you never pay for one that \
        failed.

        Just write what you need, or send /help for everything I can do.
        """,
        buttons: isBuying ? checkout.buttons : []))
  }

  private func isWelcomedNow(_ request: CommandRequest, _ account: UserAccount) -> Bool {
    request.existingAccount?.isOwedWelcome == true && !account.isOwedWelcome
  }

  private static func grant(of account: UserAccount) -> String {
    if account.isOwedWelcome {
      return """
        Your account is open. So many people have come today that the welcome credits are used up; \
        send /start again tomorrow for yours, or see /credits.
        """
    }
    return account.balance > .zero
      ? "To begin with, there are \(account.balance.text) credits on your account."
      : "Your account is open. Send /credits to see how to fill it."
  }
}
