import Foundation
import Synchronization

/// A Bot API server on 127.0.0.1 with Telegram's rules for polling, a memory for what it was sent,
/// and any fault on demand. It outlives the bot's process, as Telegram does, and ends with the test
/// that refers to it.
///
/// It shares no code with the product. Each request is checked against the published specification;
/// what breaks it is refused with 400 and kept in `violations`. Not imitated: the pacing of hasty
/// polls, the age at which updates expire, files that are sent again by their id, chargebacks.
package final class FakeTelegram: Sendable {
  /// No other fake takes it: whoever still talks to one that is gone is turned away by the one that
  /// has its port now.
  package let token: String
  /// Wait on it for what the bot does.
  package let state: Watched<FakeTelegramState>
  private let server: LoopbackServer
  private let api: FakeTelegramAPI

  package static let botID: Int64 = 7_000_000_001
  package static let botUsername = "devbot"

  private static let count = Mutex(100_000)

  /// - Parameter firstUpdateID: Of the first update.
  package init(firstUpdateID: Int64 = 500_000_001) throws {
    let number = Self.count.withLock { count in
      count += 1
      return count
    }
    token = "\(Self.botID):AAFakeTokenOfTheFakeTelegram_\(number)"
    let schema = try BotAPISchema()
    state = Watched(
      FakeTelegramState(queue: FakeTelegramQueue(nextID: firstUpdateID), schema: schema))
    let api = FakeTelegramAPI(token: token, schema: schema, state: state)
    self.api = api
    server = try LoopbackServer { api.reply(to: $0) }
  }

  deinit {
    stop()
  }

  /// The base URL of the API.
  package var url: String { server.url }

  /// Another address of the same Telegram, by which it is known who asks.
  ///
  /// - Parameter hook: As for `onCall`, and asked before it.
  package func secondAddress(
    _ hook: @escaping @Sendable (FakeTelegramState.Call) -> FakeTelegramFault?
  ) throws -> LoopbackServer {
    try LoopbackServer { [api] in api.reply(to: $0, hook: hook) }
  }

  /// Goes away, polls that wait included, while the test goes on.
  package func stop() {
    state.change { $0.isStopped = true }
    server.stop()
  }

  /// Mistreats the next requests of that method, one fault each, after those already queued.
  package func fail(_ method: String, with faults: FakeTelegramFault...) {
    state.change { $0.faults[method, default: []] += faults }
  }

  /// Mistreats every request as `hook` says, where `fail` has not. It sees each one before it acts,
  /// on the thread of its connection.
  package func onCall(_ hook: @escaping @Sendable (FakeTelegramState.Call) -> FakeTelegramFault?) {
    state.change { $0.onCall = hook }
  }

  /// Has a chat refuse whatever the bot does there, as one without rights does or a person who has
  /// blocked the bot; `nil` has it take everything again.
  package func refuse(_ fault: FakeTelegramFault?, inChat chatID: Int64) {
    state.change { $0.refusals[chatID] = fault }
  }

  /// As if another program had set it: what polls is ended.
  package func setWebhook(_ url: String) {
    state.change { $0.webhookURL = url }
  }
}

/// What answers requests. It does not refer to the fake, which may go while a poll waits.
struct FakeTelegramAPI: Sendable {
  let token: String
  let schema: BotAPISchema
  let state: Watched<FakeTelegramState>

  /// - Parameter address: Asked before the state's `onCall`.
  func reply(
    to request: LoopbackRequest,
    hook address: @Sendable (FakeTelegramState.Call) -> FakeTelegramFault? = { _ in nil }
  ) -> LoopbackReply {
    let path = request.target.split(separator: "?")[0].split(separator: "/").map(String.init)
    guard path.count == 2, path[0].hasPrefix("bot") else { return .telegramError(404, "Not Found") }
    guard path[0] == "bot" + token else { return .telegramError(401, "Unauthorized") }
    let method = path[1]
    guard let call = call(of: method, request) else {
      return refuse("\(method) brings no JSON object and no form")
    }
    let (queued, hook, refusal) = state.change { state in
      state.calls.append(call)
      let hasFault = state.faults[method]?.isEmpty == false
      return (
        hasFault ? state.faults[method]?.removeFirst() : nil, state.onCall,
        call.parameters["chat_id"]?.integer.flatMap { state.refusals[$0] }
      )
    }
    if let violation = schema.fault(in: call.parameters, of: method) { return refuse(violation) }
    guard let fault = queued ?? address(call) ?? hook?(call) ?? refusal else {
      return perform(call).reply
    }
    guard let distort = fault.distortion else { return fault.reply }
    return distort(perform(call).json)
  }

  private func call(of method: String, _ request: LoopbackRequest) -> FakeTelegramState.Call? {
    var call = FakeTelegramState.Call(method: method, parameters: [:])
    if request.headers["content-type"]?.hasPrefix("multipart/form-data") == true {
      guard let parts = request.formParts else { return nil }
      for part in parts {
        guard call.parameters[part.name] == nil else { return nil }
        if let name = part.fileName {
          call.files[part.name] = FakeTelegramState.File(
            name: name, contentType: part.contentType ?? "", data: part.data)
        }
        call.parameters[part.name] =
          part.fileName == nil
          ? schema.value(
            of: String(decoding: part.data, as: UTF8.self), for: part.name, of: method)
          : .string("attach://" + part.name)
      }
    } else if !request.body.isEmpty {
      guard case .object(let parameters) = try? JSONValue(json: request.body) else { return nil }
      call.parameters = parameters
    }
    return call
  }

  private func refuse(_ violation: String) -> LoopbackReply {
    state.change { $0.violations.append(violation) }
    return .telegramError(400, "Bad Request: " + violation)
  }
}
