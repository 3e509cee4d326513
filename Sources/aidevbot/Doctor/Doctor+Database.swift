import Assistant
import Bot
import Foundation
import GRDB
import Installation
import LanguageModels
import Ledger
import Metering
import Settings

extension Doctor {
  /// Where a first start could not make the file, nor the folders to it.
  private func folderFault(of path: String) -> Check? {
    var folder = URL(fileURLWithPath: path).deletingLastPathComponent()
    while !FileManager.default.fileExists(atPath: folder.path), folder.path != "/" {
      folder.deleteLastPathComponent()
    }
    var isFolder: ObjCBool = false
    _ = FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder)
    let isWritable = FileManager.default.isWritableFile(atPath: folder.path)
    guard !isFolder.boolValue || !isWritable else { return nil }
    let flaw = isFolder.boolValue ? "cannot be written to" : "is no folder"
    return Check(
      "database", .failed, "there is none, and \(folder.path) \(flaw)",
      next: "let whoever runs the bot write there, or set DATABASE_PATH")
  }

  /// Beside the running bot, and without writing a byte to its file.
  func databaseChecks() -> [Check] {
    let safety = safetyCheck()
    guard let path = try? settings.databasePath() else { return [safety] }
    guard FileManager.default.fileExists(atPath: path) else {
      if let fault = folderFault(of: path) { return [fault, safety] }
      let isShared = (try? settings.standbyBucket) != nil
      return [
        Check(
          "database", .note,
          isShared
            ? "there is none here, as on a machine that stands by"
            : "\(path) is made at the first start"), safety,
        modelCheck { model in
          try StarterPrices.shipped().prices.contains { $0.id == model }
        },
      ] + imageChecks(\.isNamedForImages)
    }
    do {
      return try LedgerDatabase.look(at: path) { tx in
        [
          try integrityCheck(path, in: tx), safety, try ledgerCheck(in: tx),
          modelCheck { [nil, .makesImages($0)].contains(try tx.pricing.whyNotSold($0)) },
        ] + imageChecks { try tx.pricing.whyNotSold($0) == .makesImages($0) }
      }
    } catch {
      let reason = error.advice
      return [
        Check("database", .failed, "\(path): \(reason)", next: "ls -l \(path)*"), safety,
      ]
    }
  }

  private func integrityCheck(_ path: String, in tx: LedgerTransaction) throws -> Check {
    let mode = try String.fetchOne(tx.db, sql: "PRAGMA journal_mode") ?? "?"
    let flaws = try String.fetchAll(tx.db, sql: "PRAGMA integrity_check(3)")
    guard flaws == ["ok"] else {
      return Check(
        "database", .failed, "\(path) is damaged: \(flaws.joined(separator: "; "))",
        next: "bring back the last backup")
    }
    guard mode == "wal" else {
      // As a restore leaves it.
      return Check("database", .ok, "\(path) is whole; the next start puts its journal in WAL")
    }
    return Check("database", .ok, "\(path) is whole, journal in WAL")
  }

  private func ledgerCheck(in tx: LedgerTransaction) throws -> Check {
    guard try !LedgerDatabase.isFromNewerBot(tx.db) else {
      return Check(
        "ledger", .failed, "a newer version of aidevbot wrote the file",
        next: "install that version again")
    }
    let report: LedgerVerification.Report
    do {
      report = try tx.verification.verify()
    } catch let error as DatabaseError where error.resultCode == .SQLITE_ERROR {
      return Check(
        "ledger", .warning, "an older version of aidevbot wrote the file",
        next: "sudo systemctl restart aidevbot")
    }
    guard let first = report.breaks.first else {
      return Check(
        "ledger", .ok,
        "holds (users: \(report.users), transactions: \(report.transactions), settled calls: "
          + "\(report.settledCalls))")
    }
    return Check(
      "ledger", .failed, "\(first)" + (report.breaks.count > 1 ? ", and more" : ""),
      next: "\(installation.program) ledger verify")
  }

  /// Whether what is committed stays so when the power goes depends on how the file is opened, and
  /// on the machine's SQLite: that is tried on a file of its own.
  private func safetyCheck() -> Check {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("aidevbot-doctor-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    do {
      let database = try LedgerDatabase.openForBot(
        path: folder.appendingPathComponent("scratch.sqlite").path)
      let level = try database.write { try Int.fetchOne($0.db, sql: "PRAGMA synchronous") }
      try database.close()
      let version = try DatabaseQueue().read {
        try String.fetchOne($0, sql: "SELECT sqlite_version()") ?? "?"
      }
      return level == 2
        ? Check("sqlite", .ok, "\(version), commits are synced in full")
        : Check("sqlite", .failed, "\(version) does not sync commits in full")
    } catch {
      return Check("sqlite", .failed, "cannot make a database in \(folder.path): \(error)")
    }
  }

  /// Who asks for such a model is turned away.
  private func imageChecks(_ makesImages: (ModelID) throws -> Bool) -> [Check] {
    TaskType.allCases.compactMap { task in
      let models = (try? settings.models(for: task)) ?? []
      guard let model = models.first(where: { (try? makesImages($0)) == true }) else { return nil }
      let setting = Settings.setting(for: task).key.environmentName
      return Check(
        "images", .warning, "\(LedgerError.makesImages(model))",
        next: "set \(setting) to a model that answers in text")
    }
  }

  private func modelCheck(_ isPriced: (ModelID) throws -> Bool) -> Check {
    var unpriced: [String] = []
    var priced: Set<String> = []
    for model in TaskType.allCases.flatMap({ (try? settings.models(for: $0)) ?? [] }) {
      if (try? isPriced(model)) == true {
        priced.insert("\(model)")
      } else if !unpriced.contains("\(model)") {
        unpriced.append("\(model)")
      }
    }
    guard let first = unpriced.first else {
      return Check("models", .ok, "priced: \(priced.sorted().joined(separator: ", "))")
    }
    let name = first.split(separator: "/", maxSplits: 1).joined(separator: " ")
    return Check(
      "models", .failed, "no price: \(unpriced.joined(separator: ", "))",
      next: "\(installation.program) pricing set \(name) --input USD --output USD")
  }
}
