import Assistant
import Bot
import Foundation
import Ledger
import Testing
import TestSupport

@Suite("What a newcomer may try")
struct TrialTests {
  @Test(arguments: [("try:question", "chat"), ("try:plan", "planning"), ("try:code", "coding")])
  func isAskedByOneTapAsIfItWereTyped(data: String, task: String) async throws {
    let rig = try BotRig()
    let id = try await rig.deliver("message", .message("/start"))
    await rig.engine.dispatcher.becomeIdle()
    let welcome = try #require(try rig.replies(to: id).first)
    #expect(welcome.buttons.map(\.data) == ["try:question", "try:plan", "try:code"])
    let pressed = try await rig.deliver("callback_query", .press(data))
    await rig.engine.dispatcher.becomeIdle()
    #expect(
      try rig.texts(of: pressed).last?.hasPrefix("Hello from the fake model.") == true)
    #expect(try rig.holds().map(\.taskType) == [task])
  }

  @Test func isAskedOnceHoweverOftenItIsTapped() async throws {
    let rig = try BotRig()
    try await rig.say("/start")
    for _ in 1...3 { _ = try await rig.press("try:question") }
    #expect(rig.gemini.paidCalls.count == 1)
    _ = try await rig.press("try:code")
    #expect(rig.gemini.paidCalls.count == 2)
  }

  @Test(arguments: ["try:", "try:x", "try"])
  func isNothingElse(data: String) async throws {
    let rig = try BotRig()
    try await rig.say("/start")
    _ = try await rig.press(data)
    _ = try await rig.press("try:question", from: 43)
    #expect(rig.gemini.paidCalls.isEmpty)
  }
}
