import ArgumentParser
import Bot
import Commands
import Foundation
import GRDB
import Ledger
import Settings
import TelegramBotAPI

struct RefundPaymentCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "refund",
    abstract: "Give a payment's Stars back.",
    discussion: """
      The credits are taken back first, then Telegram is told. It may be cut off anywhere and run \
      again: the running bot, or the next run of this command, goes on with it, and nothing is \
      given back twice. Credits that are spent are refused unless --force is given: then the \
      balance goes to zero, and the rest is the house's loss. Exit status 1 where Telegram \
      refuses, 75 where it does not answer.
      """)

  @Argument(help: "The charge id from the payer's receipt.")
  var chargeID: String
  @Flag(help: "Also refund credits that are spent.")
  var force = false
  @Option(
    help: ArgumentHelp(
      "The payer's id on Telegram, where they have erased their data.", valueName: "id"))
  var user: Int64?
  @OptionGroup var output: JSONOption
  @OptionGroup var options: ConfigOption

  private struct Output: Encodable {
    var state: String
    var stars: Int64
    var creditsTakenBack: String
    var houseLoss: String
    var failure: String?
  }

  func run() async throws {
    let composition = try await Composition(options)
    let terms = try composition.settings.billingTerms()
    let refund = try await composition.withWriter { writer in
      try await ShellRefund(
        client: try composition.telegram(), writer: writer,
        payments: try composition.payments(writer), terms: terms
      ).refund(chargeID, payer: user, isForced: force)
    }
    if output.json {
      try printJSON(
        Output(
          state: refund.refund.state.rawValue, stars: refund.payment.amount,
          creditsTakenBack: "\(refund.refund.clawback)", houseLoss: "\(refund.refund.loss)",
          failure: refund.refund.failure))
    } else {
      print(refund.sentence)
    }
    switch refund.refund.state {
    case .done: break
    case .pending: throw ExitCode(75)
    case .failed: throw ExitCode(1)
    }
  }
}
