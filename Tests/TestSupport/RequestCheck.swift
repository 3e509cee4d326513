import Foundation

/// Collects what is wrong with a request.
package struct RequestCheck {
  package private(set) var violations: [String] = []

  package init() {}

  package mutating func expect(_ condition: Bool, _ rule: String) {
    if !condition { violations.append(rule) }
  }

  /// A field that is not in the documentation, or that we never mean to send.
  package mutating func expect(_ object: [String: Any], hasOnly names: Set<String>) {
    for name in object.keys.sorted() where !names.contains(name) {
      violations.append("unknown field \(name)")
    }
  }

  /// A conversation that begins and ends with the user; the other never speaks twice in a row.
  package mutating func expect(conversation roles: [String], with other: String) {
    expect(roles.allSatisfy { $0 == "user" || $0 == other }, "roles are user and \(other)")
    expect(roles.first == "user" && roles.last == "user", "the user speaks first and last")
    let pairs = zip(roles, roles.dropFirst())
    expect(!pairs.contains { $0 == (other, other) }, "\(other) speaks once at a time")
  }

  /// The messages of a chat completion; the first may be the system's.
  ///
  /// - Parameter takesMarks: Whether what is to be kept may be marked, in four places at most.
  mutating func expect(chatMessages value: Any?, takesMarks: Bool = false) {
    var messages = value as? [[String: Any]] ?? []
    var marks = 0
    for message in messages {
      expect(message, hasOnly: ["role", "content"])
      guard takesMarks, let parts = message["content"] as? [[String: Any]] else {
        expect(text: message["content"], "content")
        continue
      }
      for part in parts {
        expect(part, hasOnly: ["type", "text", "cache_control"])
        expect(part["type"] as? String == "text", "a part is a text")
        expect(text: part["text"], "a part")
        guard let mark = part["cache_control"] as? [String: Any] else { continue }
        expect(jsonText(mark) == #"{"type":"ephemeral"}"#, "a mark is for five minutes")
        marks += 1
      }
    }
    expect(marks <= 4, "there are four marks at most")
    if messages.first?["role"] as? String == "system" { messages.removeFirst() }
    expect(conversation: messages.map { $0["role"] as? String ?? "" }, with: "assistant")
  }

  package mutating func expect(positive value: Any?, _ name: String) {
    expect((value as? Int ?? 0) > 0, "\(name) is a positive number")
  }

  package mutating func expect(text value: Any?, _ name: String) {
    expect((value as? String)?.isEmpty == false, "\(name) is a text that is not empty")
  }

  /// In the form of all providers.
  var refusal: LoopbackReply {
    let error: [String: Any] = ["code": 400, "message": violations.joined(separator: "; ")]
    return .json(jsonText(["error": error]), status: 400)
  }
}

/// `object` as JSON; its keys are sorted.
package func jsonText(_ object: Any) -> String {
  let data = try? JSONSerialization.data(withJSONObject: object, options: .sortedKeys)
  return String(decoding: data ?? Data(), as: UTF8.self)
}
