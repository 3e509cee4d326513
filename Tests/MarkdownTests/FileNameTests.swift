import Markdown
import Testing

/// How the files of an answer's code are named.
@Suite("Names of files")
struct FileNameTests {
  private static let limits = MessageLimits(units: 100, styles: 16)
  private static let code = (0..<20).map { "line \($0)" }.joined(separator: "\n")

  private static func names(_ source: String) -> [String] {
    RenderedMarkdown(source, limits: limits).files.map(\.name)
  }

  private static func name(_ above: String, _ info: String) -> String? {
    names("\(above)\n```\(info)\n\(code)\n```").first
  }

  @Test(arguments: [
    ("And the version for Node.js:", "python", "code.py"), ("For Node.js:", "js", "code.js"),
    ("With **Vue.js**:", "js", "code.js"), ("See https://example.com…:", "js", "code.js"),
    ("See https://a.b/app.js:", "js", "code.js"), ("See www.a.b/app.js:", "js", "code.js"),
    ("See example.com/app.js:", "js", "code.js"), ("Ask me@app.js:", "js", "code.js"),
    ("See `example.com`:", "", "code.txt"), ("Call `console.log`:", "js", "code.js"),
    ("Use `os.path`:", "python", "code.py"), ("It reads data.csv:", "python", "code.py"),
    ("The Makefile calls this:", "python", "code.py"), ("E.g. this:", "", "code.txt"),
    ("Python 3.12:", "", "code.txt"), ("A folder src/a.js/ :", "js", "code.js"),
    ("A `\(String(repeating: "a", count: 80)).js`:", "js", "code.js"),
    ("It reads .env:", "bash", "code.sh"), ("<https://a.b/x.js>", "js", "code.js"),
    ("```sh\ntouch b.js\n```", "js", "code.js"), ("Größe.py:", "python", "code.py"),
  ])
  func areNotTakenFromWhatNamesNoFile(above: String, info: String, name: String) {
    #expect(Self.name(above, info) == name)
  }

  @Test(arguments: [
    ("Save this as app.js:", "js", "app.js"), ("In `src/server.mjs`:", "javascript", "server.mjs"),
    ("Change `a.py` and `b.py`:", "python", "b.py"), ("`b.py`, which a.py calls:", "py", "b.py"),
    ("**main.rs:**", "rust", "main.rs"), ("### 2. `lib/chart.js`", "js", "chart.js"),
    ("Call it \"run.sh\":", "bash", "run.sh"), ("Nenne es „los.sh“:", "bash", "los.sh"),
    ("保存为 main.py：", "python", "main.py"), ("[main.go](https://a.b/x.go)", "go", "main.go"),
    ("This is main.py.", "", "main.py"), ("In `app.wsgi`:", "", "app.wsgi"),
    ("In `build.zig`:", "zig", "build.zig"), ("As nginx.conf:", "nginx", "nginx.conf"),
    ("Here is the Makefile:", "", "Makefile"), ("Here is the Makefile:", "make", "Makefile"),
    ("`Dockerfile`:", "dockerfile", "Dockerfile"), ("For `main.py`:", "dockerfile", "Dockerfile"),
    ("Your `.env`:", "bash", ".env"), ("Your .env:", "", ".env"),
    ("A .env.local:", "env", ".env.local"),
    ("**.gitignore**", "gitignore", ".gitignore"), ("`.github/workflows/ci.yml`", "yaml", "ci.yml"),
    ("`.swiftlint.yml`", "yaml", ".swiftlint.yml"),
    ("`deploy/Dockerfile.dev`", "", "Dockerfile.dev"),
    ("", "makefile", "Makefile"), ("", "dockerfile", "Dockerfile"),
    ("", "Dockerfile", "Dockerfile"),
    ("", "python:src/main.py", "main.py"), ("", "js title=\"a/b.js\"", "b.js"),
    ("", "main.py", "main.py"), ("", "node.js", "code.js"), ("", "js https://a.b/c.js", "code.js"),
    ("", "js title=\"../../.bashrc\"", ".bashrc"),
  ])
  func areThoseThatAreSaid(above: String, info: String, name: String) {
    #expect(Self.name(above, info) == name)
  }

  @Test func areEachThereOnce() {
    func block(_ above: String, _ info: String) -> String {
      "\(above)\n```\(info)\n\(Self.code)\n```\n\n"
    }
    let source =
      block("", "js") + block("", "js") + block("In `code-2.js`:", "js") + block("", "javascript")
      + block("Your `.env`:", "") + block("Your `.env`:", "") + block("`a.b.py`", "py")
      + block("`A.B.py`", "py") + block("`Makefile`", "make") + block("`Makefile`", "make")
    #expect(
      Self.names(source) == [
        "code.js", "code-2.js", "code-2-2.js", "code-3.js", ".env", ".env-2", "a.b.py", "A.B-2.py",
        "Makefile", "Makefile-2",
      ])
  }

  /// Nor does one lead out of a folder, or has no end.
  @Test(arguments: [
    "../../etc/passwd", "..", "...", "a\u{202E}.js", "a\0.js", "a\u{7F}.js", "..\\..\\a.js", "/.js",
    "a/../.env", ".env/..", ".env..", "-rf.js", "con:a.js", "a\u{9B}b.js", "`a`.js", ".", ".env.-",
    String(repeating: "a.", count: 500) + "js", ".env." + String(repeating: "b", count: 500),
  ])
  func areSafe(hostile: String) {
    for source in ["`\(hostile)`:", "\(hostile):", "**\(hostile)**", "\"\(hostile)\""] {
      for info in ["", "js", "js \(hostile)", "js title=\"\(hostile)\"", hostile] {
        guard let name = Self.name(source, info) else { continue }
        let isSafe = name.utf8.allSatisfy {
          0x30...0x39 ~= $0 || 0x41...0x5A ~= $0 || 0x61...0x7A ~= $0 || "._-".utf8.contains($0)
        }
        #expect(isSafe && 2...64 ~= name.utf8.count && !name.contains(".."), "\(name)")
        #expect(!name.hasPrefix("-") && !name.hasSuffix("."), "\(name)")
      }
    }
  }
}
