import ArgumentParser
import Foundation
import Ledger
import Settings

struct BackupCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup",
    abstract: "Copy the database into one file, while the bot works on it, and prove the copy.",
    discussion: """
      The file is there once it is whole: SQLite's integrity check and ledger verify have passed, \
      and it is on the disk. Where PATH is a folder, or ends with a slash, the file is named after \
      the time in UTC. Exit status 1 where the copy is not sound, 75 where another backup is being \
      made in that folder. A folder that is not there is made only in that of the database. Ctrl-C \
      leaves nothing behind.
      """)

  @Argument(help: "The file to write, or a folder.", completion: .file())
  var path: String
  @Option(
    help: ArgumentHelp(
      "In a folder: keep the newest so many backups, and delete older ones.", valueName: "n"))
  var keep: Int?
  @Flag(help: "Replace a file of that name.")
  var force = false
  @OptionGroup var output: JSONOption
  @OptionGroup var options: ConfigOption

  private struct Output: Encodable {
    var path: String
    var bytes: Int64
    var users: Int
    var transactions: Int
    var settledCalls: Int
    var deleted: [String]
  }

  func validate() throws {
    guard !path.isEmpty else { throw ValidationError("PATH must name a file or a folder.") }
    guard (keep ?? 1) > 0 else { throw ValidationError("--keep must be above zero.") }
    guard keep == nil || folder != nil else {
      throw ValidationError("--keep is for a folder; end its name with a slash.")
    }
  }

  func run() async throws {
    let folder = folder
    let name = DatabaseBackup.fileName(at: Date())
    let file = folder.map { "\($0)/\(name)" } ?? path
    let composition = try await Composition(options)
    let database = try composition.existingDatabase()
    let bar = ProgressBar("Copying")
    defer { bar.end() }
    let unfinished = UnfinishedFile()
    let removal = StopRemoval(
      of: unfinished, saying: "Stopped; nothing is left of the unfinished backup.")
    defer { removal.end() }
    let report = try DatabaseBackup(of: database, at: try composition.settings.databasePath())
      .write(
        to: file, replacing: force, unfinished: unfinished, progress: { bar.show($0, of: $1) },
        begun: { bar.show($0) })
    bar.end()
    var deleted: [String] = []
    if let folder, let keep {
      deleted = try DatabaseBackup.prune(folder, keeping: keep, with: name)
    }
    let size = try FileManager.default.attributesOfItem(atPath: file)[.size] as? NSNumber
    let result = Output(
      path: file, bytes: size?.int64Value ?? 0, users: report.users,
      transactions: report.transactions, settledCalls: report.settledCalls, deleted: deleted)
    if output.json { return try printJSON(result) }
    print(
      "Backed up to \(file), and proven: \(result.bytes) bytes, users: \(result.users), "
        + "transactions: \(result.transactions), settled calls: \(result.settledCalls).")
    if !deleted.isEmpty { print("Deleted: \(deleted.joined(separator: ", "))") }
  }

  /// `nil` if a file is named.
  private var folder: String? {
    var isFolder: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    guard path.hasSuffix("/") || (exists && isFolder.boolValue) else { return nil }
    return URL(fileURLWithPath: path).path
  }
}
