import Foundation
import Replication
import Settings
import Standby

extension Doctor {
  /// Nothing where there is one machine alone.
  func standbyChecks() async -> [Check] {
    guard let bucket = try? composition.bucket(), let ttl = try? settings.standbyTTL else {
      return []
    }
    let bucketCheck: Check
    do throws(BucketError) {
      try await bucket.probe()
      bucketCheck = Check("bucket", .ok, "takes conditional writes")
    } catch {
      // Without it there is nothing to say of the machines.
      return [Check("bucket", .failed, "\(error)", next: "see standby.bucket and its keys")]
        + standbyMachineChecks()
    }
    return [bucketCheck] + (await leaseChecks(SharedBot(in: bucket, ttl: .seconds(ttl))))
      + standbyMachineChecks()
  }

  private func leaseChecks(_ bot: SharedBot) async -> [Check] {
    let status: SharedBot.Status
    do {
      status = try await bot.status()
    } catch {
      return [Check("lease", .failed, "\(error)")]
    }
    guard let lease = status.lease else {
      return [
        Check(
          "lease", .warning, "no machine has worked with this bucket yet",
          next: "start the machine that has the database")
      ]
    }
    let age = status.age.map { "\($0.components.seconds) s ago" } ?? "at an unknown time"
    return [
      status.isRenewed
        ? Check("lease", .ok, "\(lease.holder) works, with term \(lease.term)")
        : Check(
          "lease", .failed, "no machine works; term \(lease.term) was last renewed \(age)",
          next: "journalctl -u aidevbot -n 20, on both machines"),
      status.hasStandby
        ? Check(
          "standby", .ok,
          status.standbys.filter { $0.isThere(ttl: status.ttl) }.map(\.machine)
            .joined(separator: ", ") + " stands by")
        : Check(
          "standby", .warning, "no machine stands by",
          next: "sudo systemctl start aidevbot, on the other machine"),
    ]
  }

  /// What this machine needs to stand by, and to take over.
  private func standbyMachineChecks() -> [Check] {
    var checks: [Check] = []
    if let program = try? settings.standbyLitestream,
      !FileManager.default.isExecutableFile(atPath: program)
    {
      checks.append(
        Check(
          "litestream", .failed, "\(program) is not there, so this machine cannot stand by",
          next: "install Litestream 0.5, or set standby.litestream"))
    }
    if let path = try? settings.databasePath(), let room = Self.room(beside: path),
      room.free < room.needed
    {
      checks.append(
        Check(
          "disk", .warning,
          "\(room.free >> 20) MiB are free; a copy of the database needs \(room.needed >> 20) MiB",
          next: "make room; df -h"))
    }
    return checks
  }

  /// In bytes. Beside the file that is there, and what Litestream keeps of it, a whole copy.
  private static func room(beside path: String) -> (free: Int64, needed: Int64)? {
    let files = StandbyFiles(database: path)
    let sizes = [path, files.copy].map { file in
      ((try? FileManager.default.attributesOfItem(atPath: file))?[.size] as? NSNumber)?.int64Value
        ?? 0
    }
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    let attributes = try? FileManager.default.attributesOfFileSystem(forPath: folder)
    guard let free = (attributes?[.systemFreeSize] as? NSNumber)?.int64Value else { return nil }
    return (free, (sizes.max() ?? 0) * 2)
  }
}
