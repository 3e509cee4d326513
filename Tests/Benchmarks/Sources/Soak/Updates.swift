import Load

let people = 500

/// What people send: two in five ask for their credits, a quarter for something that is paid for.
func anUpdate(_ dice: Dice) -> String {
  let person = 1_000 + dice.roll(people)
  func says(_ text: String) -> String { LoadTelegram.message(#""text":"\#(text)""#, from: person) }
  switch dice.roll(100) {
  case ..<40: return says("/credits")
  case ..<55: return says("/status")
  case ..<62: return says("/projects")
  case ..<64: return says("/history")
  case ..<82: return says("How do I sort a list of \(dice.roll(1_000_000)) names?")
  case ..<89: return says("/code a loop over \(dice.roll(1_000_000)) rows")
  case ..<92: return says("/nothing_like_this")
  case ..<94: return LoadTelegram.message(#""photo":[],"caption":"this""#, from: person)
  case ..<96: return LoadTelegram.message(#""text":"edited""#, kind: "edited_message", from: person)
  case ..<99: return LoadTelegram.press("projects:none", by: person)
  default: return #""kind_of_tomorrow":{"a":[1,2,3]}"#
  }
}
