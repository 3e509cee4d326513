import Foundation
import Load
import TestSupport

/// People who tap what their build offers them: most go on, some pause, stop, or tap twice.
final class People: Sendable {
  /// Who has got a zip, and how often.
  let zips = Watched<[Int: Int]>([:])
  private let dice = Dice(seed: 11)
  /// Pressed already, which a message that is sent again does not change.
  private let pressed = Watched<Set<String>>([])

  /// What follows from a request of the bot.
  ///
  /// - Returns: Presses to deliver.
  func taps(on method: String, _ request: LoopbackRequest) -> [String] {
    switch method {
    case "sendDocument":
      let person = number(named: "chat_id", in: String(decoding: request.body, as: UTF8.self))
      zips.change { $0[person, default: 0] += 1 }
      return []
    case "sendMessage", "editMessageText": break
    default: return []
    }
    let body = request.json
    let person = body["chat_id"] as? Int ?? 0
    let keyboard =
      (body["reply_markup"] as? [String: Any])?["inline_keyboard"] as? [[[String: Any]]]
    let buttons = (keyboard ?? []).joined().compactMap { button -> (String, String)? in
      guard let data = button["callback_data"] as? String else { return nil }
      return (button["text"] as? String ?? "", data)
    }
    return buttons.flatMap { title, data in
      (0..<times(title, data)).map { _ in LoadTelegram.press(data, by: person) }
    }
  }

  private func times(_ title: String, _ data: String) -> Int {
    switch title {
    case "Just build it", "Build it":
      pressed.change { $0.insert(data).inserted } ? (dice.roll(4) == 0 ? 2 : 1) : 0
    case "Pause": dice.roll(30) == 0 ? 1 : 0
    case "Stop": dice.roll(60) == 0 ? 1 : 0
    case _ where title.hasPrefix("Go on"): 1
    default: 0
    }
  }

  /// Of a form, whose fields are a name and, after an empty line, a value.
  private func number(named name: String, in form: String) -> Int {
    let field = form.ranges(of: "name=\"\(name)\"").first.map { form[$0.upperBound...] } ?? ""
    return Int(field.drop { !$0.isNumber && $0 != "-" }.prefix { $0.isNumber }) ?? 0
  }
}

/// What models answer, whoever asks: each build is the same small program, with a mistake in it.
enum Script {
  static func text(for request: LoopbackRequest) -> String? {
    let body = String(decoding: request.body, as: UTF8.self)
    return switch BuildScript.step(of: request) {
    case "task": body.contains("Do task 1 of the plan") ? BuildScript.greet : BuildScript.tests
    case let step?: BuildScript.answers()[step]?[0]
    case nil: nil
    }
  }
}
