import Foundation
import GRDB
import Ledger
import Messaging
import TelegramBotAPI

/// `/report [today|week|month]`: what came in and what it cost, as a table and as a file.
struct ReportCommand: Command {
  let name = "report"
  let summary = "See revenue, costs and usage: /report today, week or month"
  let isPersonal = true
  let isForAdministrators = true
  let readsMuch = true
  let terms: BillingTerms
  let usdPerStar: USD

  private enum Period: String, CaseIterable {
    case today, week, month

    func start(before now: Date) -> Date {
      switch self {
      case .today: now.startOfUTCDay
      case .week: now - 7 * .day
      case .month: now - 30 * .day
      }
    }
  }

  func respond(to request: CommandRequest, in tx: LedgerTransaction) throws -> CommandResponse {
    let word = request.argument.isEmpty ? Period.today.rawValue : request.argument.lowercased()
    guard let period = Period(rawValue: word) else {
      return .reply(Reply("Write /report today, /report week or /report month."))
    }
    let (from, to) = (period.start(before: tx.now), tx.now)
    let author = request.profile.telegramUserID
    let report = try tx.businessReports(terms).report(from: from, to: to)
    let text = try ReportText(report, usdPerStar: usdPerStar)
    let file = BotRequest.Attachment(
      fileName: "aidevbot-\(period.rawValue)-\(to.databaseText.prefix(10)).csv",
      contentType: "text/csv", data: Data(text.csv.utf8))
    return .reply(
      Reply("📊 \(from.minuteText) – \(to.minuteText) (UTC)", table: text.table),
      also: [.request(try BotRequest.sendDocument(chatID: author, file), chat: author)])
  }
}
