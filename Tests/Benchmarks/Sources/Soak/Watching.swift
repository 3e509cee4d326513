import Foundation
import GRDB
import Load
import TestSupport

extension BotFile {
  var lostAnswers: Int { get throws { try number("SELECT total_lost FROM soak") } }

  func finishedRows() throws -> Int {
    try number(
      """
      SELECT (SELECT count(*) FROM inbox WHERE state = 'done')
        + (SELECT count(*) FROM outbox WHERE state <> 'queued')
      """)
  }

  /// As after three days: nobody can wait for that.
  func makeOld() throws {
    try queue.write { db in
      try db.execute(
        sql: """
          CREATE TABLE IF NOT EXISTS soak (total_lost INTEGER NOT NULL);
          INSERT INTO soak SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM soak);
          UPDATE soak SET total_lost = total_lost + (
            SELECT coalesce(sum(lost_answers), 0) FROM outbox WHERE created_at > '2021');
          UPDATE inbox SET received_at = '2020-01-01 00:00:00.000' WHERE received_at > '2021';
          UPDATE outbox SET created_at = '2020-01-01 00:00:00.000' WHERE created_at > '2021';
          """)
    }
  }
}

/// What the bot holds at one moment, with nothing to do.
struct Sample: CustomStringConvertible {
  var updates: Int
  var memory: Double
  var threads: Int
  var sockets: Int
  var files: Int
  var inbox: Int
  var outbox: Int
  var elapsed: Duration

  init(_ updates: Int, _ bot: Bot, _ file: BotFile, _ elapsed: Duration) throws {
    self.updates = updates
    self.elapsed = elapsed
    memory = bot.ownMemory
    threads = bot.threads
    (sockets, files) = bot.openFiles
    inbox = try file.number("SELECT count(*) FROM inbox")
    outbox = try file.number("SELECT count(*) FROM outbox")
  }

  var description: String {
    let figures: [(String, Int)] = [
      ("\(updates)", 7), (String(format: "%.1f", memory), 9), ("\(threads)", 9), ("\(sockets)", 9),
      ("\(files)", 7),
      ("\(inbox)", 7), ("\(outbox)", 8), ("\(elapsed.components.seconds)", 10),
    ]
    return figures.map { text, width in
      String(repeating: " ", count: max(0, width - text.count)) + text
    }.joined()
  }
}

/// Waits until all updates so far are handled and answered.
@MainActor
func finishAll(_ count: Int) async throws {
  let isDone = try await isSoon(within: .seconds(300)) {
    guard telegram.state.value.waiting == 0, bot.isRunning else { return false }
    return try file.unfinished == 0
  }
  guard isDone else { throw TakesTooLong("\(count) updates") }
}
