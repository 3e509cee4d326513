import Measuring
import Foundation
import Load
import TestSupport

// Builds of many people through the release build, with faults, pauses, stops, second taps, and a
// process that is killed again and again. Each ends, is delivered once, and costs no more than was
// agreed to; memory, threads and files do not grow.

let executable = CommandLine.arguments.dropFirst().first ?? ".build/release/aidevbot"
let total = CommandLine.arguments.dropFirst(2).first.flatMap { Int($0) } ?? 200
let wave = max(1, total / 5)
/// In the last wave it is killed after so many calls of models: some five times.
let callsBetweenKills = wave

let folder = FileManager.default.temporaryDirectory
  .appendingPathComponent("aidevbot-building-\(UUID().uuidString)")
try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
let dice = Dice(seed: 7)
let people = People()
let seen = Watched<[String]>([])
let telegram = try LoadTelegram {
  switch dice.roll(200) {
  case 0: .reply(.html("<h1>502 Bad Gateway</h1>", status: 502))
  case 1: .reply(.reset)
  case 2: .lostAnswer
  default: nil
  }
} seen: { method, request in
  let taps = people.taps(on: method, request)
  if !taps.isEmpty { seen.change { $0 += taps } }
}
let gemini = try FakeGemini()
let calls = Watched(0)
gemini.onAnswer { request, answer in
  guard let text = Script.text(for: request) else { return }
  (answer.inputTokens, answer.outputTokens) = (1_500, 400)
  if GeminiDialect.asksForAnswer(request) { answer.text = text }
}
gemini.onCall { request in
  guard GeminiDialect.asksForAnswer(request) else { return nil }
  calls.change { $0 += 1 }
  return switch dice.roll(200) {
  case 0: .json("", status: 503)
  case 1: .reset
  case 2: .raw(Data("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{".utf8))
  default: nil
  }
}

@MainActor
func startBot() throws -> Bot {
  try Bot(
    executable: executable, telegram: telegram.url, folder: folder,
    changing: [
      "GEMINI_BASE_URL": gemini.url, "LOG_LEVEL": "critical",
      "MODELS_PLANNING": "google/gemini-2.5-flash", "MODELS_CODING": "google/gemini-2.5-flash",
    ])
}

var bot = try startBot()
try await telegram.state.wait(for: "the first poll") { $0.polls > 0 }
let file = try BotFile(path: bot.databasePath)
var kills = 0
/// How often was polled until the last kill.
var pollsBefore = 0

/// Hands over what people tap, until all builds so far have ended and nothing is left to be sent.
@MainActor
func finish(_ builds: Int, killing: Bool) async throws {
  var nextKill = calls.value + callsBetweenKills
  let isDone = try await isSoon(within: .seconds(600)) {
    telegram.deliver(
      seen.change { taps in
        defer { taps = [] }
        return taps
      })
    if killing, calls.value >= nextKill {
      bot.kill()
      kills += 1
      pollsBefore = telegram.state.value.polls
      bot = try startBot()
      nextKill = calls.value + callsBetweenKills
    }
    let ended = try file.number(
      "SELECT count(*) FROM builds WHERE state IN ('delivered', 'stopped')")
    return try ended == builds && telegram.state.value.waiting == 0 && file.unfinished == 0
  }
  guard !isDone else { return }
  let open = try file.texts(
    """
    SELECT state || ' ' || coalesce(pause_reason, '') || ': ' || count(*) FROM builds
    WHERE state NOT IN ('delivered', 'stopped') GROUP BY state, pause_reason
    """)
  throw TakesTooLong("\(builds) builds: \(open)")
}

print("builds   own MB  threads  sockets  files   calls   kills  seconds  processor ms a build")
var memories: [Double] = []
var costs: [Double] = []
var counts: [(threads: Int, files: Int)] = []
let begun = ContinuousClock.now
for first in stride(from: 0, to: total, by: wave) {
  let count = min(wave, total - first)
  let isLast = first + count == total
  let before = bot.processorTime
  telegram.deliver("/start", count: first + count, people: first + count)
  telegram.deliver(
    (first..<first + count).map {
      LoadTelegram.message(#""text":"/new \#(BuildScript.idea)""#, from: 1_000 + $0)
    })
  try await finish(first + count, killing: isLast)
  let each = isLast ? .nan : (bot.processorTime - before) / 1_000 / Double(count)
  if !isLast { costs.append(each) }
  // What works beside the builds, as housekeeping does, has files open for a moment.
  _ = try await isSoon(within: .seconds(10)) {
    counts.first.map { bot.openFiles.others <= $0.files + 2 } ?? true
  }
  let (sockets, files) = bot.openFiles
  memories.append(bot.ownMemory)
  counts.append((bot.threads, files))
  let figures: [(String, Int)] = [
    ("\(first + count)", 6), (String(format: "%.1f", bot.ownMemory), 9), ("\(bot.threads)", 9),
    ("\(sockets)", 9), ("\(files)", 7), ("\(calls.value)", 8), ("\(kills)", 8),
    ("\(begun.duration(to: .now).components.seconds)", 9), (String(format: "%.1f", each), 22),
  ]
  print(
    figures.map { text, width in
      String(repeating: " ", count: max(0, width - text.count)) + text
    }.joined())
}

let delivered = try file.number("SELECT count(*) FROM builds WHERE state = 'delivered'")
let charged = try file.number("SELECT count(*) FROM api_key_usage WHERE charged_to = 'user'")
let lost = try file.number("SELECT count(*) FROM api_key_usage WHERE charged_to = 'house'")
let repeated = people.zips.value.values.reduce(0) { $0 + $1 - 1 }
let repeatable = try file.number("SELECT coalesce(sum(lost_answers), 0) FROM outbox")
print(
  """
  \(delivered) delivered, \(total - delivered) stopped; calls charged \(charged), borne by the \
  house \(lost); zips sent again \(repeated)
  """)
let pending = try file.number("SELECT count(*) FROM credit_holds WHERE state = 'pending'")
let overCap = try file.number(
  """
  SELECT count(*) FROM builds WHERE cap_micro < (
    SELECT coalesce(-sum(t.credits_amount_micro), 0) FROM credit_transactions AS t
    JOIN credit_holds AS h ON h.id = t.hold_id WHERE h.build_id = builds.id)
  """)
try await telegram.state.wait(for: "the last start") { [pollsBefore] in
  $0.polls > pollsBefore
}
let exitStatus = bot.stop()
let verdict = try verify(executable, bot.databasePath)
telegram.stop()
gemini.stop()
try FileManager.default.removeItem(at: folder)

// The last wave is another process. Caches fill by 2 to 4 MB until the third, and stay.
let grown = (memories.dropLast().last ?? .nan) - (memories.first ?? .nan)
let largestGrowth = 6.0
let findings = [
  grown > largestGrowth ? "the memory grew" : nil,
  (counts.dropLast().last?.files ?? 0) > (counts.first?.files ?? 0) + 2
    ? "more files are open" : nil,
  people.zips.value.count == delivered ? nil : "\(people.zips.value.count) people got a zip",
  // Each kill, and each answer that was lost, may send what was under way once more.
  repeated <= kills * 8 + repeatable ? nil : "zips were sent again",
  pending == 0 ? nil : "\(pending) holds are left",
  overCap == 0 ? nil : "\(overCap) builds cost more than was agreed to",
  delivered > total / 2 ? nil : "most builds were stopped",
  exitStatus == 0 ? nil : "the bot ended with \(exitStatus)",
  verdict == 0 ? nil : "the ledger does not hold",
  gemini.violations.value.isEmpty ? nil : "a request was malformed",
].compactMap(\.self)
try Figure("processor per build", costs.last ?? .nan, "ms").report()
try Figure("memory that builds leave behind", grown, "MB", .atMost(largestGrowth)).report()
print(findings.isEmpty ? "All builds ended well." : "Failed: \(findings.joined(separator: "; ")).")
exit(findings.isEmpty ? 0 : 1)
