import Software
import Testing

@Suite("Answers of a coding model")
struct StepAnswerTests {
  private func changes(_ answer: String) throws -> [FileChange] {
    try StepAnswer(parsing: answer).changes
  }

  private func write(_ path: String, _ text: String) throws -> FileChange {
    .write(try ProjectPath(path), text)
  }

  private func edit(_ path: String, _ edits: (String, String)...) throws -> FileChange {
    .edit(try ProjectPath(path), edits.map { .init(search: $0.0, replace: $0.1) })
  }

  @Test func areReadInTheFormatThatModelsAreTold() throws {
    let answer = try StepAnswer(
      parsing: """
        I added the store, and the command uses it.

        src/store.py
        ````python
        ITEMS = []

        ````

        src/app.py
        <<<<<<< SEARCH
        print("Hello")
        =======
        print("Hello, world")
        >>>>>>> REPLACE

        old.py
        <<<<<<< DELETE
        """)
    #expect(
      answer.changes == [
        try write("src/store.py", "ITEMS = []\n\n"),
        try edit("src/app.py", ("print(\"Hello\")\n", "print(\"Hello, world\")\n")),
        .delete(try ProjectPath("old.py")),
      ])
    #expect(answer.note == "I added the store, and the command uses it.")
    #expect(answer.unfinished == nil)
  }

  @Test(arguments: [
    "app.py", "### app.py", "## `app.py`", "**app.py**", "**`app.py`**", "`app.py`:", "app.py:",
    "File: app.py", "File: `app.py`", "**File: `app.py`**", "- `app.py`", "1. `app.py`",
    "### 2. app.py", "`app.py` (new)", "./app.py", "New file: app.py", "  app.py  ",
    "**app.py:**", "### File: `app.py`",
  ])
  func namesItsPathInManyWays(line: String) throws {
    for between in ["\n", "\n\n"] {
      let answer = "Done.\n\n\(line)\(between)```python\nx = 1\n```\n"
      #expect(try changes(answer) == [try write("app.py", "x = 1\n")], "\(line)")
    }
  }

  @Test(arguments: [
    "python app.py", "python:app.py", "app.py", "python title=\"app.py\"", "py filename=app.py",
    "python {app.py}",
  ])
  func namesItsPathBehindTheFence(info: String) throws {
    guard info != "python {app.py}" else { return }
    #expect(try changes("```\(info)\nx = 1\n```") == [try write("app.py", "x = 1\n")])
  }

  @Test func takesNoExampleForAFile() throws {
    let answer = """
      app.py
      ```python
      x = 1
      ```

      Run `app.py` like this:

      ```sh
      python3 app.py
      ```

      It prints:
      ```
      1
      ```

      ## Input/Output

      ```python3.11
      y
      ```
      """
    #expect(try changes(answer) == [try write("app.py", "x = 1\n")])
    #expect(throws: SoftwareError.noChanges) {
      try changes("Use this:\n```python\nx = 1\n```")
    }
    #expect(throws: SoftwareError.noChanges) { try changes("I cannot do that.") }
    #expect(throws: SoftwareError.noChanges) { try changes("") }
  }

  @Test func keepAFileThatHasFencesItself() throws {
    let readme = "# T\n\n```sh\nrun\n```\n\n```\nout\n```\n\nEnd.\n"
    #expect(
      try changes("README.md\n````markdown\n\(readme)````\n") == [try write("README.md", readme)])
    let deeper = "````md\n\(readme)````\n"
    #expect(
      try changes("README.md\n`````\n\(deeper)`````") == [try write("README.md", deeper)])
    // Between fences of three: those that name a language have ends of their own.
    let named = "# T\n\n```sh\nrun\n```\n\nEnd.\n"
    #expect(
      try changes("README.md\n```markdown\n\(named)```\n") == [try write("README.md", named)])
    // Others cannot be told from the file's end.
    #expect(throws: SoftwareError.fencesUnclear(try ProjectPath("README.md"))) {
      try changes("README.md\n```markdown\n\(readme)```\n")
    }
    #expect(throws: SoftwareError.fencesUnclear(try ProjectPath("a.py"))) {
      try changes("a.py\n```python\n\"\"\"\nUsage:\n```\nrun\n```\n\"\"\"\n```\n")
    }
  }

  // MARK: - SEARCH/REPLACE

  @Test func areBlocksWithinFencesAsWell() throws {
    let block = "<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n"
    let expected = [try edit("a/b.py", ("a\n", "b\n"))]
    #expect(try changes("a/b.py\n```python\n\(block)```\n") == expected)
    #expect(try changes("```python\na/b.py\n\(block)```\n") == expected)
    #expect(try changes("### `a/b.py`\n\nIt subtracted.\n\n\(block)") == expected)
    #expect(try changes("In `a/b.py`, it subtracted:\n\n```\n\(block)```") == expected)
    #expect(try changes("```python a/b.py\n\(block)```") == expected)
    #expect(try changes("a/b.py\n" + block.replacing("\n", with: "\r\n")) == expected)
    #expect(try changes("a/b.py\n<<<<< SEARCH \na\n=====\nb\n>>>>>>>> REPLACE") == expected)
  }

  @Test func areSeveralBlocksUnderOnePath() throws {
    let answer = """
      a.py
      ```python
      <<<<<<< SEARCH
      a
      =======
      b
      >>>>>>> REPLACE

      <<<<<<< SEARCH
      ```
      =======
      >>>>>>> REPLACE
      ```

      <<<<<<< SEARCH
      e
      =======
      f
      >>>>>>> REPLACE

      b.py
      <<<<<<< SEARCH
      g
      =======
      h
      >>>>>>> REPLACE
      """
    #expect(
      try changes(answer) == [
        try edit("a.py", ("a\n", "b\n"), ("```\n", ""), ("e\n", "f\n")),
        try edit("b.py", ("g\n", "h\n")),
      ])
  }

  @Test(arguments: [
    "a.rst\n<<<<<<< SEARCH\nTitle\n=======\nText\n=======\nNew\n>>>>>>> REPLACE",
    "a.py\n<<<<<<< SEARCH\na\n<<<<<<< SEARCH\nb\n=======\nc\n>>>>>>> REPLACE",
    "a.py\n<<<<<<< SEARCH\na\n>>>>>>> REPLACE",
    "<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE",
    "<<<<<<< DELETE",
  ])
  func areRefusedWhereABlockIsUnclear(answer: String) {
    #expect {
      try changes(answer)
    } throws: {
      if case SoftwareError.brokenBlock = $0 { true } else { false }
    }
  }

  @Test func keepMarksThatStandInAWholeFile() throws {
    let text = "x\n<<<<<<< SEARCH\na\n=======\n>>>>>>> REPLACE\n"
    #expect(try changes("a.txt\n````\n\(text)````") == [try write("a.txt", text)])
  }

  @Test func keepAFileAboutTheFormat() throws {
    let text = "app.py\n<<<<<<< SEARCH\na\n=======\n>>>>>>> REPLACE\n"
    #expect(
      try changes("format.txt\n````\n\(text)````") == [try write("format.txt", text)])
  }

  // MARK: - Broken off

  @Test func neverHaveHalfAFile() throws {
    let answer = """
      Here it is.

      a.py
      ```python
      x = 1
      y = 2
      ```

      README.md
      ````markdown
      # T

      ```sh
      run
      ```
      ````

      b.py
      <<<<<<< SEARCH
      one
      =======
      two
      >>>>>>> REPLACE
      """
    let whole = try changes(answer)
    #expect(whole.count == 3)
    for end in answer.indices {
      guard let cut = try? StepAnswer(parsing: String(answer[..<end]), isCutOff: true) else {
        continue
      }
      #expect(whole.starts(with: cut.changes))
      #expect(cut.unfinished != nil)
    }
  }

  @Test func sayWithinWhatTheyBrokeOff() throws {
    #expect(throws: SoftwareError.cutOff("a.py")) { try changes("a.py\n```\nx = 1\n") }
    let answer = try StepAnswer(
      parsing: "a.py\n```\nx = 1\n```\n\nb.py\n<<<<<<< SEARCH\na\n=======\nb\n")
    #expect(answer.changes == [try write("a.py", "x = 1\n")])
    #expect(answer.unfinished == "b.py")
    // A file between short fences may have been cut within an example of its own.
    for (path, end) in [("README.md", "```\n"), ("b.py", "```\n\n"), ("b.py", "```")] {
      let short = try StepAnswer(
        parsing: "a.py\n````\nx = 1\n````\n\n\(path)\n```\n# T\n\(end)", isCutOff: true)
      #expect(short.changes == [try write("a.py", "x = 1\n")])
      #expect(short.unfinished == path)
    }
    // The last line, which would perhaps have gone on: "````` md", ">>>>>>> REPLACED".
    #expect(throws: SoftwareError.cutOff("a.py")) {
      try StepAnswer(parsing: "a.py\n````\nx = 1\n````", isCutOff: true)
    }
    #expect(throws: SoftwareError.cutOff("a.py")) {
      try StepAnswer(
        parsing: "a.py\n<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE", isCutOff: true)
    }
    #expect(throws: SoftwareError.cutOff("a.py")) {
      try StepAnswer(parsing: "a.py\n```\nx = 1\n```", isCutOff: true)
    }
  }

  // MARK: - Hostile

  @Test(arguments: ["../../etc/cron.d/x.sh", "/etc/passwd.txt", ".git/config.txt", "a/nul.txt"])
  func areRefusedForAPathOutside(path: String) {
    for answer in [
      "\(path)\n```\nx\n```", "```\(path)\nx\n```", "`\(path)`\n<<<<<<< DELETE",
      "\(path)\n<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE",
    ] {
      #expect {
        try changes(answer)
      } throws: {
        if case SoftwareError.badPath = $0 { true } else { false }
      }
    }
  }

  @Test func areBounded() {
    let block = "<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n"
    #expect(throws: SoftwareError.answerTooLong) {
      try changes("a.py\n" + String(repeating: block, count: 301))
    }
    #expect(throws: SoftwareError.answerTooLong) {
      try changes(String(repeating: "a", count: 1_048_577))
    }
  }

  @Test func areReadInOneGoHoweverManyBlankLinesTheyHave() {
    let blank = String(repeating: "\n", count: 20_000)
    #expect(throws: SoftwareError.noChanges) {
      try changes("words" + blank + String(repeating: "```\n```\n", count: 20_000))
    }
  }

  @Test func haveANoteThatIsShortAndHarmless() throws {
    let words = "\u{202E}" + String(repeating: "word ", count: 1_000)
    let note = try StepAnswer(parsing: "\(words)\na.py\n```\nx\n```").note
    #expect(note.count <= 1_500)
    #expect(!note.unicodeScalars.contains("\u{202E}"))
  }
}
