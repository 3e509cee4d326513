import GRDB
import Ledger
import Messaging
import Sales

/// `/refund CHARGE_ID`: gives a payment's Stars back.
struct RefundCommand: Command {
  let name = "refund"
  let summary = "Give Stars back: /refund CHARGE_ID"
  let isPersonal = true
  let isForAdministrators = true

  private static let force = "force"

  func respond(to request: CommandRequest, in tx: LedgerTransaction) throws -> CommandResponse {
    let parts = request.argument.split(whereSeparator: \.isWhitespace).map(String.init)
    guard let chargeID = parts.first, parts.count <= 2 else {
      return .reply(
        Reply(
          """
          Write the charge id from the payer's receipt; /user shows it too. If the payer has \
          erased their data, add their Telegram id:
          /refund CHARGE_ID 123456789
          """))
    }
    let payer = parts.count == 2 ? Int64(parts[1]) : nil
    let (reply, also) = try refund(chargeID, payer: payer, isForced: false, request, in: tx)
    return .reply(reply, also: also)
  }

  func press(
    _ argument: String, by request: CommandRequest, in tx: LedgerTransaction
  ) throws -> ButtonResponse {
    let parts = argument.split(separator: " ")
    guard 2...3 ~= parts.count, parts[0] == Self.force, let id = Int64(parts[1]),
      let payment = try tx.payments.payment(id: id)
    else { return ButtonResponse(notice: "This button has expired.") }
    let payer = parts.count == 3 ? Int64(parts[2]) : nil
    let (reply, also) = try refund(
      payment.chargeID, payer: payer, isForced: true, request, in: tx)
    return ButtonResponse(
      notice: also.isEmpty ? "Nothing was refunded now." : "Done.", replacement: reply, also: also)
  }

  private func refund(
    _ chargeID: String, payer: Int64?, isForced: Bool, _ request: CommandRequest,
    in tx: LedgerTransaction
  ) throws -> (reply: Reply, also: [Outgoing]) {
    do {
      let order = try RefundOrder(
        chargeID: chargeID, payer: payer, isForced: isForced,
        by: .administrator(request.profile.telegramUserID), in: tx)
      return (Reply(order.sentence), order.outgoing)
    } catch LedgerError.creditsSpent(let spent, let all) {
      let payment = try tx.payments.find(chargeID)
      let text = """
        \(spent.text) of its \(all.text) credits are spent, so nothing was refunded. \
        You can give all the Stars back anyway: the balance goes to zero, and the rest is the \
        house's loss.
        """
      let whom = payer.map { " \($0)" } ?? ""
      let button = Button(
        "Refund all the same", command: name, argument: "\(Self.force) \(payment?.id ?? 0)\(whom)")
      return (Reply(text, buttons: [button]), [])
    } catch let error as LedgerError {
      return (Reply("Nothing was refunded: \(error.sentence)."), [])
    }
  }
}
