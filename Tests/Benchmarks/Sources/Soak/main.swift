import Measuring
import Foundation
import GRDB
import Load
import TestSupport

// Many updates of all kinds, with faults, through the release build. Memory, threads and open files
// must not grow, and the queues must be pruned.

let executable = CommandLine.arguments.dropFirst().first ?? ".build/release/aidevbot"
let total = CommandLine.arguments.dropFirst(2).first.flatMap { Int($0) } ?? 100_000
/// A database to begin with, of which a copy is used.
let beginning = CommandLine.arguments.dropFirst(3).first
let stage = max(1, min(10_000, total / 10))
let wave = min(2_000, stage)

let folder = FileManager.default.temporaryDirectory
  .appendingPathComponent("aidevbot-soak-\(UUID().uuidString)")
try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
if let beginning {
  try FileManager.default.copyItem(
    atPath: beginning, toPath: folder.appendingPathComponent(Bot.databaseName).path)
}
let dice = Dice(seed: 7)
let telegram = try LoadTelegram {
  switch dice.roll(300) {
  case 0: .reply(.html("<h1>502 Bad Gateway</h1>", status: 502))
  case 1: .reply(.reset)
  case 2: .lostAnswer
  default: nil
  }
}
let gemini = try FakeGemini()
let openRouter = try FakeOpenRouter()
func fault(_ request: LoopbackRequest) -> LoopbackReply? {
  switch dice.roll(400) {
  case 0: .json("", status: 503)
  case 1: .reset
  case 2: .events([#"{"error":{"code":500,"message":"m"}}"#])
  case 3: .raw(Data("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{".utf8))
  default: nil
  }
}
gemini.onCall(fault)
openRouter.onCall(fault)

let bot = try Bot(
  executable: executable, telegram: telegram.url, folder: folder,
  changing: [
    "GEMINI_BASE_URL": gemini.url, "OPENROUTER_BASE_URL": openRouter.url, "LOG_LEVEL": "critical",
    // In a release build it asks for nothing.
    "AIDEVBOT_KILL_AT": "settled:1",
  ])
try await telegram.state.wait(for: "the first poll") { $0.polls > 0 }
let file = try BotFile(path: bot.databasePath)
telegram.deliver("/start", count: people, people: people)
try await finishAll(people)

print("updates   own MB  threads  sockets  files  inbox  outbox   seconds")
var samples: [Sample] = []
var delivered = 0
let begun = ContinuousClock.now
while delivered < total {
  let count = min(wave, total - delivered)
  telegram.deliver((0..<count).map { _ in anUpdate(dice) })
  delivered += count
  try await finishAll(people + delivered)
  for requests in [gemini.requests, openRouter.requests] { requests.change { $0 = [] } }
  guard delivered % stage == 0 || delivered == total else { continue }
  let sample = try Sample(delivered, bot, file, begun.duration(to: .now))
  samples.append(sample)
  print(sample)
  try file.makeOld()
}
let isPruned = try await isSoon(within: .seconds(150)) { try file.finishedRows() == 0 }
let last = try Sample(delivered, bot, file, begun.duration(to: .now))
print(last)
let charged = try file.number("SELECT count(*) FROM api_key_usage WHERE charged_to = 'user'")
let lost = try file.number("SELECT count(*) FROM api_key_usage WHERE charged_to = 'house'")
let repeated = try file.lostAnswers
print("calls charged \(charged), borne by the house \(lost), replies sent again \(repeated)")

let exitStatus = bot.stop()
let verdict = try verify(executable, bot.databasePath)
telegram.stop()
gemini.stop()
openRouter.stop()
try FileManager.default.removeItem(at: folder)

let first = samples[0]
let findings = [
  samples.last.map { $0.memory > first.memory * 1.2 } == true ? "the memory grew" : nil,
  last.threads > first.threads ? "there are more threads" : nil,
  // Two that read the database at once need a second reader, of two files, which is opened when
  // that first happens, and stays.
  last.files > first.files + 2 ? "there are more open files" : nil,
  // As many replies are sent side by side, and each connection is kept for a while.
  last.sockets > 64 ? "connections stay open" : nil,
  isPruned ? nil : "the queues were not pruned",
  exitStatus == 0 ? nil : "the bot ended with \(exitStatus)",
  verdict == 0 ? nil : "the ledger does not hold",
  gemini.violations.value.isEmpty && openRouter.violations.value.isEmpty
    ? nil : "a request was malformed",
].compactMap(\.self)
try Figure(
  "memory after the soak", (samples.last?.memory ?? .nan) / first.memory, "× the first tenth's",
  .atMost(1.2)
).report()
print(findings.isEmpty ? "The soak is passed." : "Failed: \(findings.joined(separator: "; ")).")
exit(findings.isEmpty ? 0 : 1)
