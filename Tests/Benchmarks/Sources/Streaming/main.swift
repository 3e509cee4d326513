import Measuring
import Foundation
import Load
import TestSupport

// Answers that grow in many chats at once: how soon the first words are there, what it all costs,
// and whether anybody else waits for it. The rates are the default ones.

let executable = CommandLine.arguments.dropFirst().first ?? ".build/release/aidevbot"
let folder = FileManager.default.temporaryDirectory
  .appendingPathComponent("aidevbot-streaming-\(UUID().uuidString)")
try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)

/// When a chat first got a message since the last question, and how often any was edited.
struct Seen: Sendable {
  var first: [Int: ContinuousClock.Instant] = [:]
  var edits = 0
}

let seen = Watched(Seen())
let telegram = try LoadTelegram(seen: { method, request in
  switch method {
  case "sendMessage":
    let body = try? JSONSerialization.jsonObject(with: request.body) as? [String: Any]
    guard let chat = body?["chat_id"] as? Int else { return }
    seen.change { $0.first[chat] = $0.first[chat] ?? .now }
  case "editMessageText": seen.change { $0.edits += 1 }
  default: break
  }
})
let provider = try Provider()
let bot = try Bot(
  executable: executable, telegram: telegram.url, folder: folder,
  changing: [
    "GEMINI_BASE_URL": provider.url, "MODELS_CHAT": "google/gemini-2.5-flash",
    "BILLING_INITIAL_GRANT_CREDITS": "100000", "TELEGRAM_SENDS_PER_SECOND": "30",
    "TELEGRAM_SENDS_PER_CHAT_PER_SECOND": "1",
  ])
let people = 1_000
let firstPerson = 1_000

func milliseconds(_ duration: Duration) -> Double { duration / .milliseconds(1) }

func median(_ values: [Double]) -> Double {
  values.isEmpty ? .nan : values.sorted()[values.count / 2]
}

/// Has so many people ask at once; returns when all the answers are under way.
@MainActor
func ask(_ count: Int, at pace: Provider.Pace) async throws {
  provider.change(to: pace)
  seen.change { $0 = Seen() }
  telegram.deliver(
    (0..<count).map { number in
      let person = firstPerson + number
      return LoadTelegram.message(#""text":"I am \#(person). Tell me much.""#, from: person)
    })
  try await provider.firstWords.wait(for: "the answers", within: .seconds(120)) {
    $0.count == count
  }
}

/// Returns when nobody is written to any more.
@MainActor
func finish() async throws {
  try await provider.underway.wait(for: "the end", within: Duration.seconds(300)) { $0 == 0 }
  var before = -1
  while telegram.state.value.messages + seen.value.edits != before {
    before = telegram.state.value.messages + seen.value.edits
    try await Task.sleep(for: .seconds(2))
  }
}

@MainActor
func timeOfReply(to person: Int) async throws -> Double {
  seen.change { $0.first[person] = nil }
  let start = ContinuousClock.now
  telegram.deliver([LoadTelegram.message(#""text":"/credits""#, from: person)])
  try await seen.wait(for: "a reply", within: .seconds(60)) { $0.first[person] != nil }
  return milliseconds(start.duration(to: seen.value.first[person] ?? .now))
}

try await telegram.state.wait(for: "the first poll") { $0.polls > 0 }
telegram.deliver("/start", count: people, people: people)
try await telegram.state.wait(for: "the accounts", within: .seconds(300)) { $0.messages == people }
try await Task.sleep(for: .seconds(2))

// 50 at once: how soon the first words are there.
try await ask(50, at: Provider.Pace(pieces: 100, pause: .milliseconds(50)))
try await finish()
let waits = provider.firstWords.value.compactMap { person, left in
  seen.value.first[person].map { milliseconds(left.duration(to: $0)) }
}
guard waits.count == 50 else { throw TakesTooLong("the previews: \(waits.count) of 50 came") }
try Figure(
  "first byte to first preview, 50 at once, median", median(waits), "ms", .atMost(150)
).report()

// 20 long ones: what a stream costs.
let long = 20
var before = bot.processorTime
try await ask(long, at: Provider.Pace(pieces: 2_000, pause: .milliseconds(5)))
try await finish()
let cost = (bot.processorTime - before) / Double(long) / 1_000
try Figure("processor for 2,000 pieces with previews", cost, "ms", .atMost(30)).report()

// All of them at once, and somebody else.
let other = firstPerson + people
telegram.deliver([LoadTelegram.message(#""text":"/start""#, from: other)])
var quiet: [Double] = []
for _ in 0..<7 {
  quiet.append(try await timeOfReply(to: other))
  try await Task.sleep(for: .seconds(1.2))
}
try await ask(people, at: Provider.Pace(pieces: 400, pause: .milliseconds(50)))
before = bot.processorTime
let begun = ContinuousClock.now
var busy: [Double] = []
for _ in 0..<7 {
  busy.append(try await timeOfReply(to: other))
  try await Task.sleep(for: .seconds(1.2))
}
let cores = (bot.processorTime - before) / (begun.duration(to: .now) / .microseconds(1))
guard provider.underway.value == people else { throw TakesTooLong("seven replies") }
try Figure("processor while 1,000 answers stream", cores, "cores", .atMost(1)).report()
try Figure("reply to somebody, with nothing else to do", median(quiet), "ms").report()
// One that waited for a frame or a pause would be later by hundreds.
try Figure(
  "reply to somebody while 1,000 answers stream", median(busy), "ms", .atMost(50)
).report()
try await finish()
try Figure("memory at the peak of 1,000 answers", bot.peakMemory, "MB", .atMost(120)).report()

let exitStatus = bot.stop()
telegram.stop()
provider.stop()
try FileManager.default.removeItem(at: folder)
if exitStatus != 0 { print("The bot ended with \(exitStatus).") }
exit(exitStatus == 0 ? 0 : 1)
