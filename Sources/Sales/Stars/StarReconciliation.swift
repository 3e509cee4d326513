import Foundation
import GRDB
import Installation
package import Ledger
import Logging
package import Messaging
package import TelegramBotAPI

/// Walks Telegram's own list of the bot's Stars from where the last walk ended, and books what no
/// update has told: payments made while the bot was down for more than a day, refunds and
/// chargebacks made elsewhere. Whoever walks at the same time, each entry is booked once.
package struct StarReconciliation: Sendable {
  /// The longest page (Bot API, getStarTransactions).
  private static let page = 100
  /// A payment that Telegram told us of is in its list at once; this is patience enough.
  private static let listedWithin: TimeInterval = 3_600
  /// By then somebody has looked, or nobody will.
  private static let complainedOfFor = 7 * TimeInterval.day

  private let client: TelegramClient
  private let writer: LedgerWriter
  private let payments: PaymentHandler

  package init(
    client: TelegramClient, writer: LedgerWriter, payments: PaymentHandler
  ) {
    self.client = client
    self.writer = writer
    self.payments = payments
  }

  package typealias Line = (entry: StarStatement.Entry, finding: StarStatement.Finding)

  /// What a walk came upon.
  package struct Result: Sendable {
    /// Entries that were not known, in Telegram's order.
    package var lines: [Line] = []
    /// Payments that Telegram told us of, but does not list.
    package var unlisted: [Payment] = []
    /// Whether the list was another one than at the last walk, and was read from its beginning.
    package var wasReadAnew = false
  }

  /// Reads to the end of the list.
  ///
  /// - Throws: `TelegramError`, and errors of the database; what was read until then is booked.
  package func walk() async throws -> Result {
    let started = writer.now
    var result = Result()
    let cursor = try await writer.read(for: "reconciling Stars") {
      try $0.starStatement.cursor()
    }
    // The last entry is read again: if it is another one, the list is not the one we know.
    var offset = max(0, (cursor?.nextOffset ?? 0) - 1)
    var isFirst = cursor != nil
    while true {
      let entries = try await client.getStarTransactions(offset: offset, limit: Self.page)
        .map(StarStatement.Entry.init)
      if isFirst, let cursor, entries.first.map(cursor.names) != true {
        (offset, isFirst, result.wasReadAnew) = (0, false, true)
        continue
      }
      isFirst = false
      let isLast = entries.count < Self.page
      offset += entries.count
      result.lines += try await book(entries, nextOffset: offset, isLast: isLast)
      if isLast { break }
    }
    result.unlisted = try await writer.read(for: "reconciling Stars") {
      try $0.starStatement.unlistedPayments(
        since: started.addingTimeInterval(-Self.complainedOfFor),
        before: started.addingTimeInterval(-Self.listedWithin))
    }
    return result
  }

  /// Stars at Telegram and by what was read of its list, in 10⁻⁹ Star.
  package func balances() async throws -> (telegram: Int64, ours: Int64) {
    let balance = try await client.getMyStarBalance()
    let (stars, overflow) = balance.amount.multipliedReportingOverflow(by: 1_000_000_000)
    guard !overflow else { throw TelegramError.answerMalformed(method: "getMyStarBalance") }
    let ours = try await writer.read(for: "adding up Stars") { try $0.starStatement.balance() }
    return (stars &+ balance.nanostarAmount, ours)
  }

  private func book(
    _ entries: [StarStatement.Entry], nextOffset: Int, isLast: Bool
  ) async throws -> [Line] {
    try await writer.write(for: "reconciling Stars") { tx in
      let lines = try tx.starStatement.take(entries, nextOffset: nextOffset)
      for line in lines { try self.announce(line, in: tx) }
      if isLast { try self.alert(in: tx) }
      return lines
    }
  }

  private func announce(_ line: Line, in tx: LedgerTransaction) throws {
    switch line.finding {
    case .agrees, .ofTheOperator, .unexplained, .ofBefore: break
    case .creditedNow(let package, let transaction, let payer):
      Logger.current.warning(
        "Telegram lists a payment that no update told of; it is credited now.",
        metadata: ["stars": "\(line.entry.stars)"])
      let receipt = try PaymentHandler.receipt(of: package, transaction, for: payer, in: tx)
      try payments.outbox.queue([.message(receipt, to: payer)], updateID: 0, in: tx)
    case .refundedNow(let refund): try payments.announce(refund, in: tx)
    case .setAside(let payer, _):
      let apology = PaymentHandler.apology(
        for: StarText.text(ofWhole: line.entry.stars), chargeID: line.entry.id, flaw: nil)
      try payments.outbox.queue([.message(apology, to: payer)], in: tx)
    }
    guard !line.finding.isExplained, let reason = line.finding.reason else { return }
    Logger.current.error(
      "Telegram's list of Stars has an entry that cannot be explained.",
      metadata: ["stars": "\(line.entry.stars)", "reason": "\(reason)"])
  }

  /// One alert a walk, however much it came upon, and of what a walk that broke off has left.
  private func alert(in tx: LedgerTransaction) throws {
    let (old, new) = try tx.starStatement.takeUntold()
    var sentences: [String] = []
    if let entry = new.first, new.count == 1 {
      sentences.append(
        """
        Telegram's list of Stars has an entry that I cannot explain: \(entry.stars) Stars \
        \(entry.isIncoming ? "in" : "out"), \(entry.reason.prefix(300)). Its id: \
        \(entry.id.prefix(200))
        """)
    } else if !new.isEmpty {
      sentences.append(
        """
        Telegram's list of Stars has \(new.count) entries that I cannot explain: \
        \(Self.sum(of: new)). To see them, run: \(Installation.current.program) stars unexplained
        """)
    }
    if !old.isEmpty {
      Logger.current.warning(
        "Telegram's list of Stars begins before this database.",
        metadata: ["entries": "\(old.count)"])
      sentences.append(
        """
        Telegram's list of Stars begins before this database does. Of the payments and refunds of \
        that time, these fit nothing here: \(Self.sum(of: old)). They are kept, and nobody was \
        written to. To see them, run: \(Installation.current.program) stars unexplained
        """)
    }
    guard !sentences.isEmpty else { return }
    try payments.alerts.queue(sentences.joined(separator: "\n\n"), in: tx)
  }

  private static func sum(of entries: [StarStatement.Unexplained]) -> String {
    [("in", true), ("out", false)].compactMap { way, isIncoming in
      let some = entries.filter { $0.isIncoming == isIncoming }
      let stars = some.reduce(Int128(0)) { $0 + Int128($1.stars) }
      return some.isEmpty ? nil : "\(some.count) with \(stars) Stars \(way)"
    }.joined(separator: ", ")
  }
}

extension StarStatement.Entry {
  package init(_ transaction: StarTransaction) {
    let isIncoming = transaction.receiver == nil
    let affiliate = transaction.source?.affiliate
    self.init(
      id: transaction.id, isIncoming: isIncoming, stars: transaction.amount,
      nanostars: transaction.nanostarAmount,
      commission: (affiliate?.amount ?? 0, affiliate?.nanostarAmount ?? 0),
      happenedAt: Date(timeIntervalSince1970: TimeInterval(transaction.date)),
      kind: Self.kind(of: transaction.receiver ?? transaction.source, isIncoming: isIncoming))
  }

  private static func kind(of partner: TransactionPartner?, isIncoming: Bool) -> Kind {
    guard let partner else { return .other("nobody is named on the other side") }
    switch (partner.type, partner.transactionType) {
    case ("user", "invoice_payment"):
      guard isIncoming else { return .repayment }
      guard let user = partner.user else { return .other("its payer is not named") }
      return .payment(
        payer: user.id, payload: partner.invoicePayload ?? "",
        isSubscription: partner.subscriptionPeriod != nil)
    case ("fragment", _): return .ofTheOperator("withdrawal")
    case ("telegram_ads", _): return .ofTheOperator("advertisements")
    case ("telegram_api", _): return .ofTheOperator("paid broadcasts")
    case ("user", "gift_purchase") where !isIncoming,
      ("user", "premium_purchase") where !isIncoming:
      // The bot gives such things; nobody gives them to it.
      return .ofTheOperator("gift")
    case ("user", let type): return .other("of the kind \((type ?? "without a name").prefix(64))")
    case (let type, _): return .other("of the kind \(type.prefix(64))")
    }
  }
}
