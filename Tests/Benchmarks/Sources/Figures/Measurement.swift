import Foundation
import Load
import TestSupport

struct Figure {
  var name: String
  var value: Double
  var unit: String
}

/// One database under measurement, whose people are those of `BigFile`: the first is the
/// administrator, the second hundred erase their accounts.
struct Measurement {
  private let executable: String
  private let folder: URL
  private let telegram: LoadTelegram
  /// Requests to Telegram, by their method.
  private let requests: Watched<[String: Int]>
  private var path: String { folder.appendingPathComponent(Bot.databaseName).path }

  private static let people = 100
  private static let repetitions = 2_000

  init(executable: String, database: String) throws {
    self.executable = executable
    folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("aidevbot-figures-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let requests = Watched<[String: Int]>([:])
    self.requests = requests
    telegram = try LoadTelegram(seen: { method, _ in
      requests.change { $0[method, default: 0] += 1 }
    })
    try FileManager.default.copyItem(atPath: database, toPath: path)
  }

  func figures() async throws -> [Figure] {
    defer {
      telegram.stop()
      try? FileManager.default.removeItem(at: folder)
    }
    // The first start brings the tables up to date, and proves all.
    let (first, bot) = try await start()
    try await becomeIdle(bot)
    bot.stop()
    var starts: [Double] = []
    for _ in 1...5 {
      let (time, bot) = try await start()
      starts.append(time)
      bot.stop()
    }
    var figures = [
      Figure(name: "the first start to its first poll", value: first, unit: "ms"),
      Figure(name: "a start to its first poll", value: starts.sorted()[2], unit: "ms"),
    ]
    figures += try await commands()
    for words in [["usage", "report", "--since", "30d"], ["usage", "report"]] {
      let times = try (1...3).map { _ in try time(words) }
      figures.append(
        Figure(name: words.joined(separator: " "), value: times.min() ?? 0, unit: "ms"))
    }
    for words in [["ledger", "verify"], ["backup", folder.appendingPathComponent("b").path]] {
      figures.append(Figure(name: words[0], value: try time(words), unit: "ms"))
    }
    return figures
  }

  private func commands() async throws -> [Figure] {
    let (_, bot) = try await start()
    try await becomeIdle(bot)
    var figures: [Figure] = []
    for text in ["/credits", "/status", "/history", "/usage"] {
      let messages = (0..<Self.repetitions).map { index in
        LoadTelegram.message(#""text":"\#(text)""#, from: 1_000 + index % Self.people)
      }
      figures.append(
        Figure(
          name: text, value: try await perUpdate(messages, answeredBy: "sendMessage", bot),
          unit: "µs of processor"))
    }
    for period in ["today", "month"] {
      let message = LoadTelegram.message(#""text":"/report \#(period)""#, from: 1_000)
      var time = 0.0
      for _ in 1...10 { time += try await perUpdate([message], answeredBy: "sendMessage", bot) }
      figures.append(
        Figure(name: "/report \(period)", value: time / 10, unit: "µs of processor"))
    }
    let presses = (0..<Self.people).map { index in
      let person = 1_000 + Self.people + index
      return """
        "callback_query":{"id":"e\(person)","from":{"id":\(person),"is_bot":false,\
        "first_name":"P"},"chat_instance":"1","data":"deletemydata:yes","message":\
        {"message_id":1,"date":1800000000,"chat":{"id":\(person),"type":"private"}}}
        """
    }
    figures.append(
      Figure(
        name: "an erasure",
        value: try await perUpdate(presses, answeredBy: "answerCallbackQuery", bot),
        unit: "µs of processor"))
    try await becomeIdle(bot)
    let before = bot.processorTime
    try await Task.sleep(for: .seconds(125))
    figures.append(
      Figure(
        name: "idle, with housekeeping", value: (bot.processorTime - before) / 125,
        unit: "µs a second"))
    bot.stop()
    return figures
  }

  /// The time of the processor, in microseconds.
  private func perUpdate(
    _ updates: [String], answeredBy method: String, _ bot: Bot
  ) async throws -> Double {
    let count = requests.value[method] ?? 0
    let before = bot.processorTime
    telegram.deliver(updates)
    try await requests.wait(for: "the answers", within: .seconds(300)) {
      $0[method] ?? 0 >= count + updates.count
    }
    return (bot.processorTime - before) / Double(updates.count)
  }

  /// In milliseconds, to the first poll.
  private func start() async throws -> (Double, Bot) {
    let polls = telegram.state.value.polls
    let begun = ContinuousClock.now
    let bot = try Bot(
      executable: executable, telegram: telegram.url, folder: folder,
      changing: ["TELEGRAM_ADMIN_USER_IDS": "1000"])
    try await telegram.state.wait(for: "the first poll", within: .seconds(300)) {
      $0.polls > polls
    }
    return (begun.duration(to: .now) / .milliseconds(1), bot)
  }

  /// Nothing is under way, nor proven any more.
  private func becomeIdle(_ bot: Bot) async throws {
    var before = -Double.infinity
    while bot.processorTime - before > 50_000 {
      before = bot.processorTime
      try await Task.sleep(for: .seconds(3))
    }
  }

  /// In milliseconds.
  private func time(_ words: [String]) throws -> Double {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: executable)
    process.arguments = words
    process.environment = ["DATABASE_PATH": path]
    process.standardOutput = FileHandle.nullDevice
    let begun = ContinuousClock.now
    try process.run()
    process.waitUntilExit()
    return begun.duration(to: .now) / .milliseconds(1)
  }
}
