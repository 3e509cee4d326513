import Measuring
import Foundation
import Markdown

// What formatting costs at worst, and while an answer grows.

/// What somebody writes who wants to keep the bot busy.
let kinds: [(name: String, source: @Sendable (Int) -> String)] = [
  ("brackets", { repeated("[", $0) }),
  ("open links", { repeated("[a](", $0) }),
  ("empty links", { repeated("[](", $0) }),
  ("closed brackets", { repeated("[[[]]]", $0) }),
  ("links", { repeated("[a](https://a.b) ", $0) }),
  ("bare links", { repeated("http://a.b ", $0) }),
  ("pictures", { repeated("![a](", $0) }),
  (
    "definitions in use",
    { "[a]: <\(repeated("x", $0 / 2))>\n\n" + repeated("[a] ", $0 / 2) }
  ),
  ("many definitions", { repeated("[a]: b\n", $0) }),
  ("quotes", { repeated(">", $0) }),
  ("quoted lines", { repeated("> > > > a\n", $0) }),
  ("deeper quotes", { lines($0) { repeated("> ", $0 % 500) + "a" } }),
  ("lists on a line", { repeated("- ", $0) }),
  ("deeper lists", { lines($0) { repeated("  ", $0 % 500) + "- a" } }),
  ("items", { repeated("- a\n", $0) }),
  ("numbers", { repeated("1. ", $0) }),
  ("stars", { repeated("*", $0) }),
  ("open emphasis", { repeated("**a ", $0) }),
  ("mixed emphasis", { repeated("*a_ ", $0) }),
  ("closed emphasis", { repeated("*a* ", $0) }),
  ("nested emphasis", { repeated("*a **b ", $0 / 2) + repeated("b** a* ", $0 / 2) }),
  ("tildes", { repeated("~~a ", $0) }),
  ("runs of backticks", { lines($0, "") { repeated("`", $0 % 200 + 1) + "a" } }),
  ("open code", { repeated("`a ``b ", $0) }),
  ("code in words", { repeated("`a` ", $0) }),
  ("one long block of code", { "```swift\n" + repeated("let a = 1\n", $0) }),
  ("code on one line", { "```\n" + repeated("a", $0) }),
  ("many blocks of code", { repeated("```\na\n```\n", $0) }),
  ("code in a list", { "- a\n  ```\n" + repeated("  b\n", $0) }),
  ("table of many rows", { "| a | b |\n|---|---|\n" + repeated("| c | d |\n", $0) }),
  (
    "table of many columns",
    { size in
      let row = repeated("|a", size / 3) + "|\n"
      return row + repeated("|-", size / 3) + "|\n" + row
    }
  ),
  (
    "table of short rows",
    { size in
      repeated("|a", 1_000) + "|\n" + repeated("|-", 1_000) + "|\n" + repeated("|b\n", size)
    }
  ),
  ("dollars", { repeated("$", $0) }),
  ("open formulas", { repeated("$a ", $0) }),
  ("formulas", { repeated("$a^2$ ", $0) }),
  ("brackets of formulas", { repeated("\\(a ", $0) }),
  ("blocks of formulas", { repeated("\\[\nx\n", $0) }),
  ("deep formulas", { repeated("$\\frac{\\frac{a}{b}}{\\sqrt{c}}$ ", $0) }),
  ("backslashes", { repeated("\\", $0) }),
  ("references", { repeated("&amp;&#65;", $0) }),
  ("open references", { repeated("&", $0) }),
  ("angles", { repeated("<a ", $0) }),
  ("headings", { repeated("# a\n", $0) }),
  ("underlined headings", { repeated("a\n=\n", $0) }),
  ("rules", { repeated("- - -\n", $0) }),
  ("empty lines", { repeated("\n", $0) }),
  ("spaces", { repeated(" ", $0) }),
  ("NUL bytes", { repeated("\0", $0) }),
  ("control characters", { repeated("\u{1B}[31m\u{7}\r", $0) }),
  ("combining marks", { "e" + repeated("\u{301}", $0) }),
  (
    "combining marks in cells",
    {
      "| a | b |\n|---|---|\n" + repeated("| e\u{301}\u{302} | 世界 |\n", $0)
    }
  ),
  ("families", { repeated("👨‍👩‍👧‍👦", $0) }),
  ("flags", { repeated("🇩🇪", $0) }),
  ("one long word", { repeated("a", $0) }),
  ("words", { repeated("word ", $0) }),
  ("paragraphs", { repeated("Some *words* of `one`.\n\n", $0) }),
]

func repeated(_ text: String, _ size: Int) -> String {
  String(repeating: text, count: max(1, size / text.utf8.count))
}

func lines(_ size: Int, _ end: String = "\n", _ line: (Int) -> String) -> String {
  var result = ""
  var number = 0
  while result.utf8.count < size {
    result += line(number) + end
    number += 1
  }
  return result
}

let telegram = MessageLimits(units: 4_096, styles: 100)

/// Of this thread so far: it doesn't matter what else the machine does.
func processorMilliseconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) * 1_000 + Double(time.tv_nsec) / 1_000_000
}

func shown(_ value: Double) -> String { String(format: "%8.1f", value) }

var misses = 0
/// The longest time by the size in kB.
var slowest: [Int: Double] = [:]

print(
  "Formatting of hostile texts as messages, and as blocks, in ms (bounds: 256 kB 100, 1 MB 500)")
print("                            256 kB      1 MB    blocks")
let kilobyte = 1_024
for kind in kinds {
  var row = kind.name.padding(toLength: 26, withPad: " ", startingAt: 0)
  func measure(_ size: Int, _ bound: Double, _ body: (String) -> Void) {
    let source = kind.source(size * kilobyte)
    // The least of three: the first meets cold caches.
    var taken = Double.infinity
    for _ in 0..<3 {
      let start = processorMilliseconds()
      body(source)
      taken = min(taken, processorMilliseconds() - start)
    }
    if taken > bound { misses += 1 }
    slowest[size] = max(slowest[size] ?? 0, taken)
    row += shown(taken) + (taken > bound ? " !" : "  ")
  }
  measure(256, 100) { _ = RenderedMarkdown($0, limits: telegram) }
  measure(1_024, 500) { _ = RenderedMarkdown($0, limits: telegram) }
  measure(1_024, 500) { _ = RichMarkdown($0) }
  print(row)
}

/// Pieces of an answer as a model writes one, four characters each.
func answer(_ size: Int) -> [String] {
  let section = """
    ## A heading

    Some **bold** words, `code`, and a [link](https://example.org/page).

    - an item
      - another
    - the last

    | Column | Value |
    |---|---:|
    | one | 1 |

    ```swift
    let value = 1
    print(value)
    ```


    """
  let text = Array(repeated(section, size).utf8)
  return stride(from: 0, to: text.count, by: 4).map {
    String(decoding: text[$0..<min($0 + 4, text.count)], as: UTF8.self)
  }
}

print("\nAn answer that grows, shown after each 100 pieces, in ms")
for size in [64, 256, 1_024] {
  let pieces = answer(size * 1_024)
  var shows = 0
  let start = processorMilliseconds()
  var growing = GrowingMarkdown(limits: telegram)
  for (number, piece) in pieces.enumerated() {
    growing.append(piece)
    guard number % 100 == 0 else { continue }
    shows += growing.messages.count
  }
  let taken = processorMilliseconds() - start
  if size == 1_024 {
    try Figure("a kB of an answer that grows to 1 MB", taken / Double(size), "ms").report()
  }
  print(
    "\(String(size).padding(toLength: 5, withPad: " ", startingAt: 0)) kB"
      + shown(taken) + shown(taken / Double(size)) + " a kB")
}

print("")
for (size, bound) in [(256, 100.0), (1_024, 500)] {
  try Figure("slowest text of \(size) kB", slowest[size] ?? .nan, "ms", .atMost(bound)).report()
}
if misses > 0 {
  print("\n\(misses) took too long (!).")
  exit(1)
}
