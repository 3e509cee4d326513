import Foundation
import TestSupport

/// A Telegram that hands out prepared updates as fast as they are fetched and takes every message,
/// at little cost of its own.
final class LoadTelegram: Sendable {
  struct State: Sendable {
    var queue: [String] = []
    var firstID: Int64 = 1
    var polls = 0
    var messages = 0
  }

  let state: Watched<State>
  private let server: LoopbackServer

  init() throws {
    let state = Watched(State())
    self.state = state
    server = try LoopbackServer { Self.answer($0, state) }
  }

  var url: String { server.url }

  func stop() {
    server.stop()
  }

  /// Queues messages of that text from as many people as `people`, in turn.
  func deliver(_ text: String, count: Int, people: Int) {
    state.change { state in
      for number in 0..<count {
        let id = state.firstID + Int64(state.queue.count)
        let person = 1_000 + number % people
        state.queue.append(
          """
          {"update_id":\(id),"message":{"message_id":\(id),"from":{"id":\(person),"is_bot":false,\
          "first_name":"P\(person)","language_code":"en"},"chat":{"id":\(person),"first_name":\
          "P\(person)","type":"private"},"date":1800000000,"text":"\(text)",\
          "entities":[{"offset":0,"length":\(text.utf16.count),"type":"bot_command"}]}}
          """)
      }
    }
  }

  private static func answer(
    _ request: LoopbackRequest, _ state: Watched<State>
  ) -> LoopbackReply {
    switch request.target.split(separator: "/").last.map(String.init) {
    case "getMe":
      return .json(
        #"{"ok":true,"result":{"id":7,"is_bot":true,"first_name":"B","username":"devbot"}}"#)
    case "getWebhookInfo":
      return .json(
        #"{"ok":true,"result":{"url":"","has_custom_certificate":false,"pending_update_count":0}}"#)
    case "getUpdates": return updates(request, state)
    case "sendMessage":
      let number = state.change { state in
        state.messages += 1
        return state.messages
      }
      return .json(
        """
        {"ok":true,"result":{"message_id":\(number),"date":1800000000,"chat":{"id":1,"type":\
        "private"},"text":"-"}}
        """)
    default: return .json(#"{"ok":true,"result":true}"#)
    }
  }

  private static func updates(
    _ request: LoopbackRequest, _ state: Watched<State>
  ) -> LoopbackReply {
    let parameters = (try? JSONSerialization.jsonObject(with: request.body)) as? [String: Any]
    let offset = (parameters?["offset"] as? NSNumber)?.int64Value ?? 0
    state.change { state in
      state.polls += 1
      let confirmed = max(0, min(Int(offset - state.firstID), state.queue.count))
      state.queue.removeFirst(confirmed)
      state.firstID += Int64(confirmed)
    }
    guard state.block(within: .seconds(50), until: { !$0.queue.isEmpty }) else {
      return .json(#"{"ok":true,"result":[]}"#)
    }
    let batch = state.value.queue.prefix(100).joined(separator: ",")
    return .json(#"{"ok":true,"result":[\#(batch)]}"#)
  }
}
