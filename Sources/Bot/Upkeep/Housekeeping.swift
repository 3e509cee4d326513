import Assistant
import Foundation
import GRDB
import Installation
import Ledger
import Logging
import Messaging
import Sales

/// What is due now and then: forgotten holds are voided, the queues pruned, and losses, the disk
/// and the backups looked at.
struct Housekeeping: PeriodicService {
  /// How often what is overdue is looked for.
  static let rounds = Duration.seconds(60)
  /// In rounds.
  static let backupsEvery = 60
  /// In bytes. Below this, a burst of messages could fill the disk before anybody looks.
  static let minimumFreeSpace: Int64 = 256 << 20
  /// 1 USD: what the house bears in a day, of all people and for all causes, without anybody having
  /// to look.
  private static let alertedLossPerDay = NanoDollars(1_000_000_000)

  let writer: LedgerWriter
  let inbox: Inbox
  let outbox: Outbox
  let orchestrator: @Sendable () -> ModelOrchestrator
  /// How many people get welcome credits within 24 hours; `nil` for no limit.
  let initialGrantsPerDay: @Sendable () -> Int?
  let selling: SellingStatus
  let alerts: OperatorAlerts
  /// In bytes, on the disk with the database.
  let freeDiskSpace: @Sendable () -> Int64?
  /// What has become of the database's file.
  let fileChange: @Sendable () -> DatabasePlace.Change?
  /// When the newest backup was made; `nil` where there is none.
  let newestBackup: @Sendable () -> Date?
  private var number = 0

  init(
    writer: LedgerWriter, inbox: Inbox, outbox: Outbox,
    orchestrator: @escaping @Sendable () -> ModelOrchestrator,
    initialGrantsPerDay: @escaping @Sendable () -> Int? = { nil }, selling: SellingStatus,
    alerts: OperatorAlerts, freeDiskSpace: @escaping @Sendable () -> Int64?,
    fileChange: @escaping @Sendable () -> DatabasePlace.Change? = { nil },
    newestBackup: @escaping @Sendable () -> Date? = { nil }
  ) {
    self.writer = writer
    self.inbox = inbox
    self.outbox = outbox
    self.orchestrator = orchestrator
    self.initialGrantsPerDay = initialGrantsPerDay
    self.selling = selling
    self.alerts = alerts
    self.freeDiskSpace = freeDiskSpace
    self.fileChange = fileChange
    self.newestBackup = newestBackup
  }

  mutating func round() async -> Duration {
    number += 1
    do {
      try await round(number)
    } catch {
      writer.complain(of: error, doing: "keeping house", wait: Self.rounds)
    }
    return Self.rounds
  }

  func round(_ number: Int) async throws {
    if let change = fileChange() { await tell(of: change) }
    try await orchestrator().voidOverdueHolds()
    try prune()
    if writer.database.mayLogHoldErasedWords { writer.truncateLog() }
    try await look(isHourly: number % Self.backupsEvery == 0)
  }

  private func look(isHourly: Bool) async throws {
    if isHourly { await lookAtBackups() }
    if let first = selling.firstBreak { await alerts.raise(brokenLedger: first) }
    let loss = try writer.read { try $0.usage.houseLoss(since: $0.now - .day) }
    if loss > Self.alertedLossPerDay {
      let cents = loss.count / 10_000_000
      await alerts.raise(
        .houseLoss,
        "The house has borne \(cents) US cents of what calls cost within a day. /report shows why.")
    }
    if let limit = initialGrantsPerDay(),
      try writer.read({ try $0.users.initialGrants(since: $0.now - .day) }) >= limit
    {
      Logger.current.warning(
        "No more welcome credits are given for now.", metadata: ["people": "\(limit)"])
      await alerts.raise(
        .initialGrants,
        """
        \(limit) people have got welcome credits within 24 hours, so whoever comes now gets them \
        later. If they are real, raise billing.initial_grants_per_day and reload the bot.
        """)
    }
    if let free = freeDiskSpace(), free < Self.minimumFreeSpace {
      Logger.current.error("The disk is nearly full.", metadata: ["free_bytes": "\(free)"])
      await alerts.raise(
        .lowDisk, "Only \(free >> 20) MiB are free on the disk with the database. Make room.")
    }
  }

  /// Where there is none, nobody has set them up, and `doctor` says so to whoever asks: that is a
  /// choice, while one that has grown old is a promise broken.
  private func lookAtBackups() async {
    guard let newest = newestBackup() else { return }
    let age = writer.now.timeIntervalSince(newest)
    guard age > DatabaseBackup.oldAfter else { return }
    Logger.current.warning("The newest backup is old.", metadata: ["age_s": "\(Int(age))"])
    let folder = DatabaseBackup.usualFolder(besideDatabase: writer.database.path)
    let advice =
      Installation.current.isPackaged
      ? "See: systemctl status aidevbot-backup aidevbot-backup.timer. Make one: sudo systemctl "
        + "start aidevbot-backup."
      : "Make one: aidevbot backup \(folder)/"
    await alerts.raise(
      .oldBackup, "The newest backup of my database is \(Int(age / 86_400)) days old. \(advice)")
  }

  /// What is written from then on is lost when the process ends, or another process writes beside
  /// it: so nothing is sold.
  private func tell(of change: DatabasePlace.Change) async {
    selling.close()
    let fact =
      switch change {
      case .gone: "is gone"
      case .replaced: "has been replaced by another file"
      }
    Logger.current.critical("The file of the database \(fact); nothing is sold.")
    await alerts.raise(
      .databaseFile,
      "The file of my database \(fact), so nothing is sold, and what I write from now on is lost "
        + "when I stop. Stop me, put the right file in its place (or type: "
        + "\(Installation.current.program) restore), and "
        + "start me again.")
  }

  /// In bites, between which others write.
  private func prune() throws {
    var pruned = Inbox.maximumPrunedAtOnce
    while pruned >= Inbox.maximumPrunedAtOnce {
      pruned = try writer.writeAtOnce { tx in
        try tx.promotionCodes.forgetOldFailures()
        try SupportRequests.forgetOldMessages(in: tx)
        return try max(inbox.prune(in: tx), outbox.prune(in: tx))
      }
    }
  }
}
