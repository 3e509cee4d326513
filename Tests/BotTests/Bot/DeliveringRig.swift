import Bot
import Commands
import HTTPTransport
@testable import Messaging
import TelegramBotAPI
import Testing
import TestSupport

/// A bot whose outbox is sent to a Telegram that answers.
final class DeliveringRig: Sendable {
  let rig: BotRig
  let fake: FakeTelegram
  private let sender: OutboxDelivery
  private let sending: Task<Void, Never>

  init(_ rig: BotRig) throws {
    self.rig = rig
    fake = try FakeTelegram()
    let client = TelegramClient.patient(with: fake)
    let afterDelivery = AfterDelivery(
      outbox: rig.engine.outbox, payments: rig.engine.payments, terms: rig.settings.terms)
    sender = OutboxDelivery(
      outbox: rig.engine.outbox, client: client, writer: rig.writer, rates: rig.settings.sendRates,
      ended: { try afterDelivery.follow($0, $1, in: $2) }, wakeUps: AsyncStream { _ in })
    rig.previews.use(sender)
    sending = Task { [sender] in await sender.run() }
  }

  deinit {
    sending.cancel()
  }

  /// Returns once everything that is queued was sent or given up.
  func send() async {
    await sender.becomeIdle()
    #expect(fake.state.value.violations.isEmpty)
  }

  /// Begins to send what is queued, and waits for nothing.
  func beginSending() async {
    await sender.load()
  }

  func change(to rates: OutboxDelivery.Rates) async {
    await sender.change(to: rates)
  }

  /// Delivers an update, and sends what it brings.
  @discardableResult
  func deliver(_ kind: String, _ value: JSONValue) async throws -> Int64 {
    let id = try await rig.deliver(kind, value)
    await rig.engine.dispatcher.becomeIdle()
    await send()
    return id
  }
}

extension TelegramClient {
  /// Waits for an answer for as long as the machine takes: what a test holds up is not sent twice.
  static func patient(with fake: FakeTelegram) -> TelegramClient {
    TelegramClient(
      transport: .ofAllTests, baseURL: fake.url, token: fake.token, pollMargin: .seconds(7_200),
      deadline: .seconds(7_200))
  }
}
