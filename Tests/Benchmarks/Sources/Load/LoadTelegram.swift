import Foundation
package import TestSupport

/// A Telegram that hands out prepared updates as fast as they are fetched and takes every message,
/// at little cost of its own.
package final class LoadTelegram: Sendable {
  package struct State: Sendable {
    var queue: [String] = []
    var firstID: Int64 = 1
    package internal(set) var polls = 0
    /// Those taken, repeats included.
    package internal(set) var messages = 0

    /// How many updates the bot has yet to confirm.
    package var waiting: Int { queue.count }
  }

  /// How a request is mistreated.
  package enum Fault: Sendable {
    /// It is answered with this instead.
    case reply(LoopbackReply)
    /// It is acted upon, and nobody hears of it.
    case lostAnswer
  }

  package let state: Watched<State>
  private let server: LoopbackServer

  /// - Parameters:
  ///   - fault: Asked for every poll and every message.
  ///   - seen: Told of every request, on the thread of its connection.
  package init(
    fault: @escaping @Sendable () -> Fault? = { nil },
    seen: @escaping @Sendable (_ method: String, _ request: LoopbackRequest) -> Void = { _, _ in }
  ) throws {
    let state = Watched(State())
    self.state = state
    server = try LoopbackServer { request in
      let method = request.target.split(separator: "/").last.map(String.init) ?? ""
      seen(method, request)
      let fault = ["getUpdates", "sendMessage", "sendDocument"].contains(method) ? fault() : nil
      if case .reply(let reply) = fault { return reply }
      let reply = Self.answer(method, request, state)
      return fault == nil ? reply : .reset
    }
  }

  package var url: String { server.url }

  package func stop() {
    server.stop()
  }

  /// Queues updates, each of them given as the rest of its JSON after the id.
  package func deliver(_ updates: [String]) {
    state.change { state in
      for update in updates {
        let id = state.firstID + Int64(state.queue.count)
        state.queue.append(#"{"update_id":\#(id),\#(update)}"#)
      }
    }
  }

  /// Queues messages of that text from as many people as `people`, in turn.
  package func deliver(_ text: String, count: Int, people: Int) {
    deliver((0..<count).map { Self.message(#""text":"\#(text)""#, from: 1_000 + $0 % people) })
  }

  /// - Parameter content: What the message holds, as JSON.
  package static func message(
    _ content: String, kind: String = "message", from person: Int
  ) -> String {
    """
    "\(kind)":{"message_id":1,"from":{"id":\(person),"is_bot":false,"first_name":"P\(person)",\
    "language_code":"en"},"chat":{"id":\(person),"first_name":"P\(person)","type":"private"},\
    "date":1800000000,\(content)}
    """
  }

  /// A press of a button that carries that data.
  package static func press(_ data: String, by person: Int) -> String {
    """
    "callback_query":{"id":"q\(person)","from":{"id":\(person),"is_bot":false,"first_name":"P"},\
    "chat_instance":"1","data":"\(data)","message":{"message_id":1,"date":1800000000,\
    "chat":{"id":\(person),"type":"private"}}}
    """
  }

  private static func answer(
    _ method: String, _ request: LoopbackRequest, _ state: Watched<State>
  ) -> LoopbackReply {
    switch method {
    case "getMe":
      return .json(
        #"{"ok":true,"result":{"id":7,"is_bot":true,"first_name":"B","username":"devbot"}}"#)
    case "getWebhookInfo":
      return .json(
        #"{"ok":true,"result":{"url":"","has_custom_certificate":false,"pending_update_count":0}}"#)
    case "getUpdates": return updates(request, state)
    case "sendMessage", "sendDocument":
      let number = state.change { state in
        state.messages += 1
        return state.messages
      }
      return .json(
        """
        {"ok":true,"result":{"message_id":\(number),"date":1800000000,"chat":{"id":1,"type":\
        "private"},"text":"-"}}
        """)
    case "getStarTransactions": return .json(#"{"ok":true,"result":{"transactions":[]}}"#)
    case "getMyStarBalance": return .json(#"{"ok":true,"result":{"amount":0}}"#)
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
