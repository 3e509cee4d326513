import Foundation
import Software
import Testing

@Suite("Project paths")
struct ProjectPathTests {
  @Test(arguments: [
    "app.py", "src/todo/store.py", ".gitignore", ".github/workflows/ci.yml", "a b.txt",
    "Makefile", "größe.txt", "ドキュメント/読.md", "git/x", "console.js", "com10.txt", "auxiliary",
    "a..b", "...a", "__init__.py", "[id].tsx", "@scope/x.js",
  ])
  func takesUsualNames(text: String) throws {
    #expect(try ProjectPath(text).text == text.precomposedStringWithCanonicalMapping)
  }

  @Test(arguments: [
    "", "/etc/passwd", "../x", "a/../../x", "a/./b", "a//b", "a/", "..", ".", "a\\b", "C:\\x",
    "c:x", "a\0b", "a\nb", "a\tb", "a\u{202E}yp.exe", "a\u{200B}", "\u{FEFF}a", "a\u{2028}b",
    "\u{FF0E}\u{FF0E}/x", "\u{2024}\u{2024}/x", "a\u{2100}b", "x\u{FF0F}y", "/\u{338}etc",
    "\u{301}a", "a/\u{301}", "-rf", "~/x", "~root/x", "a ", " a", "a.", "a/b./c", "a /b",
    "a\u{A0}b", "a\u{E000}", "a?b", "a*", "<a>", "a|b", "\"a\"", "a\u{FFFD}", "a\u{3164}b",
    "a\u{FE0F}",
  ])
  func refusesWhatIsNotInsideOrNoName(text: String) {
    #expect(throws: SoftwareError.self) { try ProjectPath(text) }
  }

  @Test(arguments: [
    ".git", ".git/config", ".GIT/hooks/pre-commit", "a/.Git/x", ".g\u{200C}it/x", ".gi\u{FEFF}t/x",
    "git~1", "GIT~1/config", ".git~2", ".git ", ".git.", ".git::$INDEX_ALLOCATION/x",
    "\u{FF0E}\u{FF47}\u{FF49}\u{FF54}/x", ".g\u{131}t\u{200D}", ".git\\config",
    ".\u{24D6}it/hooks/x",
  ])
  func refusesGitInEveryDisguise(text: String) {
    #expect(throws: SoftwareError.self) { try ProjectPath(text) }
  }

  @Test(arguments: [
    "con", "NUL", "nul.txt", "a/Aux.py", "com1", "LPT9.log", "com¹.txt", "prn .txt", "CONIN$",
    "con.tar.gz", "con.\u{301}txt", "\u{FF23}\u{FF2F}\u{FF2E}",
  ])
  func refusesDevicesOfWindows(text: String) {
    #expect(throws: SoftwareError.self) { try ProjectPath(text) }
  }

  @Test func isBounded() throws {
    let long = String(repeating: "a", count: 100)
    #expect(try ProjectPath(long).text == long)
    #expect(throws: SoftwareError.self) { try ProjectPath(long + "a") }
    #expect(throws: SoftwareError.self) { try ProjectPath("\(long)/\(long)") }
    let deep = Array(repeating: "a", count: 10).joined(separator: "/")
    #expect(try ProjectPath(deep).text == deep)
    #expect(throws: SoftwareError.self) { try ProjectPath(deep + "/a") }
    #expect(throws: SoftwareError.self) {
      try ProjectPath(String(repeating: "\u{FDFA}", count: 1_000_000))
    }
  }

  @Test func isNormal() throws {
    #expect(try ProjectPath("./src/e\u{301}.py").text.utf8.elementsEqual("src/é.py".utf8))
    #expect(try ProjectPath("src/e\u{301}.py") == ProjectPath("src/é.py"))
  }

  @Test func isCheckedWhenItIsDecoded() throws {
    let good = try JSONDecoder().decode([ProjectPath].self, from: Data(#"["a/b.py"]"#.utf8))
    #expect(good == [try ProjectPath("a/b.py")])
    #expect(try JSONEncoder().encode(good) == Data(#"["a\/b.py"]"#.utf8))
    #expect(throws: (any Error).self) {
      try JSONDecoder().decode([ProjectPath].self, from: Data(#"["../b.py"]"#.utf8))
    }
  }
}
