import Foundation
import Testing

/// The rules of style that neither the compiler nor `swift format` keeps, over all sources, as
/// TigerBeetle's tidy test does.
@Suite("Tidy")
struct TidyTests {
  @Test func everySourceFileKeepsTheRules() throws {
    let files = try SourceFile.all()
    try #require(files.count > 100, "the sources are not where this test looks")
    let findings = files.flatMap(\.findings)
    #expect(findings.isEmpty, "\n\(findings.joined(separator: "\n"))")
  }

  @Test(arguments: [
    (String(repeating: "/", count: 101), "1: the line is longer than 100 columns"),
    (String(repeating: "\n", count: 400) + "a", "401: the file is longer than 400 lines"),
    (
      "func f() {" + String(repeating: "\n", count: 70) + "}",
      "1: the function is longer than 70 lines"
    ),
    (
      "init(\n  _ text: String = \"{\"\n) {" + String(repeating: "\n", count: 70) + "}",
      "1: the function is longer than 70 lines"
    ),
    ("// \("TO" + "DO"): later", "1: a note of work undone"),
    ("\("FIX" + "ME")", "1: a note of work undone"),
    ("let a = \("try" + "!") f()", "1: a trap instead of an error"),
    ("let a = b \("as" + "!") C", "1: a trap instead of an error"),
    ("try await \("Task" + ".sleep")(for: a)", "1: a test that sleeps"),
    ("\("usle" + "ep")(5)", "1: a test that sleeps"),
    ("struct Path\("Util" + "s") {", "1: a type whose name says nothing"),
    ("final class Connection\("Man" + "ager"): Sendable {", "1: a type whose name says nothing"),
    ("import \("Foundation" + "Networking")", "1: a module that is not to be used"),
  ])
  func findsWhatBreaksARule(text: String, finding: String) {
    let file = SourceFile(path: "Tests/A.swift", text: text)
    #expect(file.findings == ["Tests/A.swift:\(finding)"])
  }

  @Test(arguments: [
    String(repeating: "/", count: 100),
    "func f() {" + String(repeating: "\n", count: 69) + "}",
    "let a = \"func f() {\"" + String(repeating: "\n", count: 80),
    "// func f() {" + String(repeating: "\n", count: 80),
    "protocol P {\n  func f()\n  func g()\n}" + String(repeating: "\n", count: 80),
    "let sleep: Sleep", "try await \("sle" + "ep").value", "struct Utility {", "a as? B",
  ])
  func findsNothingElse(text: String) {
    #expect(SourceFile(path: "Tests/A.swift", text: text).findings.isEmpty)
  }
}

private struct SourceFile {
  /// From the package's own folder.
  var path: String
  var text: String

  static func all() throws -> [SourceFile] {
    let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let names = ["Sources", "Tests"].flatMap { folder in
      (FileManager.default.enumerator(atPath: package.appending(path: folder).path) ?? .init())
        .compactMap { ($0 as? String).map { "\(folder)/\($0)" } }
    }
    return try names.filter { $0.hasSuffix(".swift") && !$0.contains("/.build/") }.sorted()
      .map { name in
        let file = package.appending(path: name)
        return SourceFile(path: name, text: try String(contentsOf: file, encoding: .utf8))
      }
  }

  /// `path:line: what is wrong`.
  var findings: [String] {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    var findings = lines.indices.filter { lines[$0].utf8.count > 100 && lines[$0].count > 100 }
      .map { ($0, "the line is longer than 100 columns") }
    // Benchmarks measure time, so they may spend some.
    let isTest = path.hasPrefix("Tests/") && !path.hasPrefix("Tests/Benchmarks/")
    for pattern in Self.patterns where !pattern.isForTestsOnly || isTest {
      findings += pattern.regex.matches(in: text).map { match in
        (text.prefix(upTo: match.lowerBound).count { $0 == "\n" }, pattern.rule)
      }
    }
    // The last line's own end makes no line.
    let count = lines.last?.isEmpty == true ? lines.count - 1 : lines.count
    if count > 400 { findings.append((400, "the file is longer than 400 lines")) }
    findings += longFunctions.map { ($0, "the function is longer than 70 lines") }
    return findings.map { "\(path):\($0.0 + 1): \($0.1)" }
  }
}

// MARK: - Patterns

/// ICU's, which are many times faster than Swift's own where nothing is optimized.
private struct Pattern: Sendable {
  private let regex: NSRegularExpression

  init(_ pattern: String) {
    do {
      regex = try NSRegularExpression(pattern: pattern, options: .anchorsMatchLines)
    } catch {
      preconditionFailure("no regular expression: \(pattern)")
    }
  }

  func matches(in text: String) -> [Range<String.Index>] {
    regex.matches(in: text, range: NSRange(text.startIndex..., in: text)).compactMap {
      Range($0.range, in: text)
    }
  }
}

extension SourceFile {
  private struct Rule: Sendable {
    var rule: String
    var regex: Pattern
    var isForTestsOnly = false
  }

  /// The brackets keep the patterns from matching themselves.
  private static let patterns = [
    Rule(rule: "a note of work undone", regex: Pattern(#"\b(TO[D]O|FIX[M]E|XX[X])\b"#)),
    Rule(rule: "a trap instead of an error", regex: Pattern(#"\b(try|as)[!]"#)),
    Rule(
      rule: "a test that sleeps", regex: Pattern(#"\bTask[.]sleep\b|(^|[^.\w])u?slee[p]\("#),
      isForTestsOnly: true),
    Rule(
      rule: "a type whose name says nothing",
      regex: Pattern(
        #"\b(struct|class|enum|actor|protocol|typealias) \w*(Manage[r]|Helpe[r]|Util[s]?)\b"#)),
    Rule(
      rule: "a module that is not to be used", regex: Pattern("import Foundation[N]etworking")),
  ]
}

// MARK: - Functions

extension SourceFile {
  private static let stringOrComment = Pattern(
    [
      ##"#"""[\s\S]*?"""#"##, ##"#".*?"#"##, #""""[\s\S]*?""""#, #""(\\.|[^"\\\n])*""#,
      #"//.*$"#, #"/\*[\s\S]*?\*/"#,
    ].joined(separator: "|"))
  private static let declaration = Pattern(#"\b(func|deinit|subscript)\b|(^|\s)init[?]?[(<]"#)

  /// The first lines of functions that are too long, by counting braces outside of strings and
  /// comments.
  private var longFunctions: [Int] {
    var found: [Int] = []
    var open: [(depth: Int, start: Int)] = []
    var declared: (start: Int, parentheses: Int)?
    var (depth, parentheses) = (0, 0)
    let lines = code.split(separator: "\n", omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      if !Self.declaration.matches(in: String(line)).isEmpty { declared = (index, parentheses) }
      for byte in line.utf8 {
        switch byte {
        case UInt8(ascii: "("): parentheses += 1
        case UInt8(ascii: ")"): parentheses -= 1
        case UInt8(ascii: "{"):
          depth += 1
          // In parentheses, it is a parameter's usual value.
          if let function = declared, parentheses <= function.parentheses {
            open.append((depth, function.start))
            declared = nil
          }
        case UInt8(ascii: "}"):
          if let function = open.last, function.depth == depth {
            if index - function.start >= 70 { found.append(function.start) }
            open.removeLast()
          }
          // A requirement of a protocol ends without a body.
          if let function = declared, parentheses <= function.parentheses { declared = nil }
          depth -= 1
        default: break
        }
      }
    }
    return found
  }

  /// The text with nothing left of its strings and comments but the ends of their lines.
  private var code: String {
    var (code, end) = ("", text.startIndex)
    for match in Self.stringOrComment.matches(in: text) {
      code += text[end..<match.lowerBound] + text[match].filter { $0 == "\n" }
      end = match.upperBound
    }
    return code + text[end...]
  }
}
