import Measuring
import Foundation
import Load
import TestSupport

// Start to first poll, what it costs to have nothing to do, and the processor time of one /credits
// from poll to reply, beside a bot in C that stores nothing.

let executable = CommandLine.arguments.dropFirst().first ?? ".build/release/aidevbot"
let floors = CommandLine.arguments.dropFirst(2).first ?? "Floors"
let people = 200
let requests = CommandLine.arguments.dropFirst(3).first.flatMap { Int($0) } ?? 20_000
let idle = Duration.seconds(5)

let folder = FileManager.default.temporaryDirectory
  .appendingPathComponent("aidevbot-bench-\(UUID().uuidString)")
try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)

/// The processor time of one, in microseconds, and how many replies there are a second.
@MainActor
func load(_ bot: Bot, through telegram: LoadTelegram) async throws -> (cost: Double, rate: Double) {
  let sent = telegram.state.value.messages
  let (before, start) = (bot.processorTime, ContinuousClock.now)
  telegram.deliver("/credits", count: requests, people: people)
  try await telegram.state.wait(for: "the replies", within: .seconds(300)) {
    $0.messages == sent + requests
  }
  return (
    (bot.processorTime - before) / Double(requests),
    Double(requests) / (start.duration(to: .now) / .seconds(1))
  )
}

let telegram = try LoadTelegram()
let started = ContinuousClock.now
let bot = try Bot(executable: executable, telegram: telegram.url, folder: folder)
try await telegram.state.wait(for: "the first poll") { $0.polls > 0 }
let firstPoll = started.duration(to: .now)
try await Task.sleep(for: .seconds(3))
let (idleMemory, idleOwnMemory) = (bot.residentMemory, bot.ownMemory)
let before = bot.processorTime
try await Task.sleep(for: idle)
let idleTime = (bot.processorTime - before) / (idle / .microseconds(1)) * 100

telegram.deliver("/start", count: people, people: people)
try await telegram.state.wait(for: "the accounts", within: .seconds(300)) {
  $0.messages == people
}
let ours = try await load(bot, through: telegram)
let (peak, ownMemory) = (bot.peakMemory, bot.ownMemory)
let exitStatus = bot.stop()
telegram.stop()

let floorTelegram = try LoadTelegram()
let floorBot = try Bot(floor: floors, telegram: floorTelegram.url, database: bot.databasePath)
try await floorTelegram.state.wait(for: "the first poll") { $0.polls > 0 }
let bare = try await load(floorBot, through: floorTelegram)
floorBot.kill()
floorTelegram.stop()
try FileManager.default.removeItem(at: folder)

let floor = Figure("processor per /credits, in C", bare.cost, "µs")
try Figure("start to first poll", firstPoll / .milliseconds(1), "ms", .atMost(100)).report()
try Figure("idle memory", idleMemory, "MB", .atMost(30)).report()
try Figure("idle memory, without files", idleOwnMemory, "MB").report()
try Figure("idle processor", idleTime, "% of a core", .atMost(0.2)).report()
try floor.report()
try Figure("processor per /credits", ours.cost, "µs", .atMostTimes(3, floor: floor.name)).report()
try Figure("/credits a second, in C one by one", bare.rate, "/s").report()
try Figure("/credits a second", ours.rate, "/s").report()
try Figure("memory at the peak of /credits", peak, "MB", .atMost(45)).report()
try Figure("memory after /credits, without files", ownMemory, "MB").report()
if exitStatus != 0 { print("The bot ended with \(exitStatus).") }
exit(exitStatus == 0 ? 0 : 1)
