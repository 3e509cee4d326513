@testable import Bot
import Commands
import Ledger
@testable import Messaging
import TelegramBotAPI
import Testing
import TestSupport

/// Where the rates leave few places, replies have them.
@Suite("The places of a growing answer")
struct SparePlacesTests {
  /// Next to nothing but the burst is left. Long waits are noted, and over at once.
  private func rig(perSecond: Double, perChatPerSecond: Double) async throws -> StreamingRig {
    let rig = try await StreamingRig(wait: { pause in
      guard pause < .seconds(20) else { return }
      try? await ContinuousClock().sleep(for: pause / 50)
    })
    await rig.delivering.change(
      to: .init(perSecond: perSecond, perChatPerSecond: perChatPerSecond))
    return rig
  }

  /// Waits until the answer has looked for a place in vain.
  private func waitForAttempts(_ rig: StreamingRig) async throws {
    let before = rig.bot.waits.value.count
    try await rig.bot.waits.wait(for: "attempts") { waits in
      waits.dropFirst(before).count { $0 == .milliseconds(300) } >= 3
    }
  }

  private func rests(_ rig: StreamingRig) -> [Duration] {
    rig.bot.waits.value.filter { $0 > .seconds(1_000) }
  }

  private func frames(_ rig: StreamingRig) -> [String] {
    rig.fake.state.value.calls.compactMap { $0.parameters["text"]?.string }
      .filter { $0.hasSuffix(" ▌") }
  }

  /// - Parameter shown: What the answer shows before it has to wait.
  private func expectThatAReplyGoesFirst(_ rig: StreamingRig, shown: [String]) async throws {
    _ = try await rig.ask()
    for (number, words) in ["One", ", two", ", three"].enumerated() {
      rig.answer.say(words)
      guard number < shown.count else { continue }
      try await rig.waitForText("frame \(number)") { $0 == shown[number] }
    }
    try await waitForAttempts(rig)
    #expect(frames(rig) == shown)

    let status = try await rig.bot.deliver("message", .message("/status"))
    try await rig.bot.waitUntilFinished(status)
    await rig.delivering.send()
    #expect(rig.messages().last?.text.hasPrefix("Balance: ") == true)
    #expect(rests(rig) == [])

    try await waitForAttempts(rig)
    #expect(frames(rig) == shown)
    rig.answer.end()
    await rig.waitForEnd()
    #expect(frames(rig) == shown)
    // The answer has to wait, as a reply does for which there is no place.
    #expect(rests(rig).count == 1)
    #expect(rig.messages().count { $0.text.hasPrefix("One, two, three.\n\nCost: ") } == 1)
    #expect(rig.messages().count == 2)
  }

  /// A burst is of three.
  @Test func inAChatAreAllButOne() async throws {
    let rig = try await rig(perSecond: 0, perChatPerSecond: 0.0001)
    try await expectThatAReplyGoesFirst(rig, shown: ["One ▌", "One, two ▌"])
  }

  @Test func areNoneWhereOneIsLeftForAllChats() async throws {
    let rig = try await rig(perSecond: 0.0001, perChatPerSecond: 0)
    try await expectThatAReplyGoesFirst(rig, shown: [])
  }
}
