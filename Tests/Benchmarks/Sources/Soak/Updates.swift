import Load
import Synchronization

let people = 500

/// Chance that comes out the same in every run, if asked in the same order.
final class Dice: Sendable {
  private let state: Mutex<UInt64>

  init(seed: UInt64) {
    state = Mutex(seed)
  }

  /// 0 to `sides` - 1, by SplitMix64.
  func roll(_ sides: Int) -> Int {
    state.withLock { state in
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return Int((z ^ (z >> 31)) % UInt64(sides))
    }
  }
}

/// What people send: two in five ask for their credits, a quarter for something that is paid for.
func anUpdate(_ dice: Dice) -> String {
  let person = 1_000 + dice.roll(people)
  func says(_ text: String) -> String { LoadTelegram.message(#""text":"\#(text)""#, from: person) }
  switch dice.roll(100) {
  case ..<40: return says("/credits")
  case ..<55: return says("/status")
  case ..<62: return says("/projects")
  case ..<64: return says("/new Project \(dice.roll(1_000))")
  case ..<82: return says("How do I sort a list of \(dice.roll(1_000_000)) names?")
  case ..<89: return says("/code a loop over \(dice.roll(1_000_000)) rows")
  case ..<92: return says("/nothing_like_this")
  case ..<94: return LoadTelegram.message(#""photo":[],"caption":"this""#, from: person)
  case ..<96: return LoadTelegram.message(#""text":"edited""#, kind: "edited_message", from: person)
  case ..<99: return press(by: person)
  default: return #""kind_of_tomorrow":{"a":[1,2,3]}"#
  }
}

private func press(by person: Int) -> String {
  """
  "callback_query":{"id":"q\(person)","from":{"id":\(person),"is_bot":false,"first_name":"P"},\
  "chat_instance":"1","data":"projects:none","message":{"message_id":1,"date":1800000000,\
  "chat":{"id":\(person),"type":"private"}}}
  """
}
