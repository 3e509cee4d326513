@testable import Bot
import Testing

@Suite("Lines at the console")
struct ConsoleLinesTests {
  private static let cases: [([String], [String])] = [
    (["How do I sort?"], ["How do I sort?"]),
    (["How do I", "", "  sort?"], ["How do I\n\n  sort?"]),
    ([""], [""]),
    // What one types into a pipe, a line each.
    (
      ["/start", "How do I begin?", "/code a loop", "", "/credits", "#1", "#7", "/nonsense"],
      ["/start", "How do I begin?", "/code a loop\n", "/credits", "#1", "#7", "/nonsense"]
    ),
    // A command that takes a text takes all of it.
    (["/plan a shop", "with a cart", "/status"], ["/plan a shop\nwith a cart", "/status"]),
    (["/paysupport Where", "are they?"], ["/paysupport Where\nare they?"]),
    (["/new a shop", "with a cart", "/status"], ["/new a shop\nwith a cart", "/status"]),
    (["/done", "Begin with the cart"], ["/done", "Begin with the cart"]),
    // What looks like a command and is none stays within the text.
    (
      ["See", "/etc/hosts", "// and", "/health 200", "#5 first"],
      ["See\n/etc/hosts\n// and\n/health 200\n#5 first"]
    ),
    // The last line may end it all; in a text, it is a part of it.
    (["How do I sort?", "exit"], ["How do I sort?", "exit"]),
    (["case", "exit", "of the loop"], ["case\nexit\nof the loop"]),
    (["help"], ["help"]),
  ]

  @Test(arguments: cases)
  func becomeMessages(lines: [String], messages: [String]) throws {
    let commands = try BotRig().engine.commands
    #expect(ConsoleLines(commands).messages(lines) == messages)
  }

  @Test(arguments: ["exit", "Quit", "exit()", "quit;", "/exit"])
  func endTheConversation(word: String) {
    #expect(ConsoleWord(word) == .exit)
  }

  @Test(arguments: ["help", "HELP", "?"])
  func askForHelp(word: String) {
    #expect(ConsoleWord(word) == .help)
  }

  @Test(arguments: ["exit the loop", "help me", "", "/help"])
  func areNoWordsOfTheConsole(word: String) {
    #expect(ConsoleWord(word) == nil)
  }
}
