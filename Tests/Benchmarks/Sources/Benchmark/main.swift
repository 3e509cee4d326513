import Foundation
import Load
import TestSupport

// Start to first poll, idle memory, and the processor time of one /credits from poll to reply.

let executable = CommandLine.arguments.dropFirst().first ?? ".build/release/aidevbot"
let people = 200
let requests = CommandLine.arguments.dropFirst(2).first.flatMap { Int($0) } ?? 20_000

let folder = FileManager.default.temporaryDirectory
  .appendingPathComponent("aidevbot-bench-\(UUID().uuidString)")
try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
let telegram = try LoadTelegram()

let started = ContinuousClock.now
let bot = try Bot(executable: executable, telegram: telegram.url, folder: folder)
try await telegram.state.wait(for: "the first poll") { $0.polls > 0 }
let firstPoll = started.duration(to: .now)
try await Task.sleep(for: .seconds(3))
let idleMemory = bot.residentMemory

telegram.deliver("/start", count: people, people: people)
try await telegram.state.wait(for: "the accounts", within: .seconds(300)) {
  $0.messages == people
}
let before = bot.processorTime
let begun = ContinuousClock.now
telegram.deliver("/credits", count: requests, people: people)
try await telegram.state.wait(for: "the replies", within: .seconds(300)) {
  $0.messages == people + requests
}
let elapsed = begun.duration(to: .now)
let perRequest = (bot.processorTime - before) / Double(requests)

print("start to first poll     \(firstPoll)")
print("idle memory (RSS)       \(idleMemory) MiB")
print("processor per /credits  \(perRequest) µs (\(requests) of \(people) people in \(elapsed))")
print("memory after the load   \(bot.residentMemory) MiB")
bot.stop()
telegram.stop()
try FileManager.default.removeItem(at: folder)
