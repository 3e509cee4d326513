import Software
import Testing

@Suite("Project files")
struct ProjectFilesTests {
  private func path(_ text: String) throws -> ProjectPath { try ProjectPath(text) }

  private func files(_ contents: [String: String]) throws -> ProjectFiles {
    var files = ProjectFiles()
    try files.apply(contents.map { .write(try ProjectPath($0.key), $0.value) })
    return files
  }

  @Test func doesAllChangesOrNone() throws {
    var files = try files(["a.py": "one\n", "b.py": "two\n"])
    let before = files
    #expect(throws: SoftwareError.noSuchFile(try path("c.py"))) {
      try files.apply([
        .write(try path("a.py"), "changed\n"), .delete(try path("b.py")),
        .delete(try path("c.py")),
      ])
    }
    #expect(files == before)
    try files.apply([.write(try path("a.py"), "changed\n"), .delete(try path("b.py"))])
    #expect(files.contents == [try path("a.py"): "changed\n"])
  }

  @Test(arguments: [
    ("a.py", "A.py"), ("src/a.py", "SRC/a.py"), ("src/a.py", "Src/b.py"), ("straße", "STRASSE"),
    ("ﬁ.txt", "fi.txt"), ("a", "a/b"), ("A", "a/b"), ("a/b", "a/b/c"),
  ])
  func refusesFilesThatCannotBeSideBySide(first: String, second: String) throws {
    for (one, other) in [(first, second), (second, first)] {
      var files = try files([one: "x"])
      #expect(throws: SoftwareError.self) {
        try files.apply([.write(try ProjectPath(other), "y")])
      }
      #expect(files.contents.count == 1)
    }
  }

  @Test func letsAFileBecomeAFolderInOneGo() throws {
    var files = try files(["a": "x"])
    try files.apply([.delete(try path("a")), .write(try path("a/b"), "y")])
    #expect(files.paths == [try path("a/b")])
  }

  @Test func isBoundedInCountAndBytes() throws {
    let many = Dictionary(
      uniqueKeysWithValues: (0..<ProjectFiles.maximumCount).map { ("f\($0).txt", "") })
    var files = try files(many)
    #expect(throws: SoftwareError.tooManyFiles) {
      try files.apply([.write(try path("more.txt"), "")])
    }
    let whole = String(repeating: "a", count: ProjectFiles.maximumFileBytes)
    #expect(throws: SoftwareError.fileTooLong(try path("a.txt"))) {
      try self.files(["a.txt": whole + "a"])
    }
    let parts = Dictionary(uniqueKeysWithValues: (0..<8).map { ("f\($0).txt", whole) })
    files = try self.files(parts)
    #expect(throws: SoftwareError.projectTooLarge) {
      try files.apply([.write(try path("more.txt"), "a")])
    }
    #expect(throws: SoftwareError.notText(try path("a.txt"))) {
      try self.files(["a.txt": "a\0b"])
    }
  }

  @Test func doesNotLetEditsDoubleAFileWithoutBound() throws {
    var files = try files(["a.txt": "x\n" + String(repeating: "a", count: 200_000)])
    let double = FileChange.Edit(
      search: "x\n", replace: "x\n" + String(repeating: "b", count: 100_000) + "\n")
    #expect(throws: SoftwareError.fileTooLong(try path("a.txt"))) {
      try files.apply([.edit(try path("a.txt"), Array(repeating: double, count: 100))])
    }
  }

  // MARK: - Edits

  private func edited(_ file: String, _ search: String, _ replace: String) throws -> String? {
    var files = try files(["a.py": file])
    try files.apply([
      .edit(try path("a.py"), [.init(search: search, replace: replace)])
    ])
    return files[try path("a.py")]
  }

  private let program = """
    def add(a, b):
        return a - b

    def double(a):
        if a:
            return a * 2
        return 0

    """

  @Test func replacesLinesThatAreThereOnce() throws {
    let new = try edited(program, "    return a - b\n", "    return a + b\n")
    #expect(new == program.replacing("a - b", with: "a + b"))
    #expect(try edited("a\nb\nc", "c\n", "d\n") == "a\nb\nd")
    #expect(try edited("a\nb\nc\n", "b", "") == "a\nc\n")
    #expect(try edited("a\n", "a\n", "") == "")
    #expect(try edited("a\n\nb\n", "\nb\n", "\nc\n") == "a\n\nc\n")
  }

  @Test func doesNotGuessWhichOfSeveral() throws {
    #expect(
      throws: SoftwareError.searchNotUnique(try path("a.py"), line: "x = 1", count: 2)
    ) {
      try edited("x = 1\ny = 2\nx = 1\n", "x = 1\n", "x = 3\n")
    }
    #expect(
      throws: SoftwareError.searchNotUnique(try path("a.py"), line: "a", count: 2)
    ) {
      try edited("a\na\na\n", "a\na\n", "b\n")
    }
    // As it stands once, whatever is like it but for spaces.
    #expect(try edited("x = 1\n  x = 1\n", "x = 1\n", "x = 3\n") == "x = 3\n  x = 1\n")
  }

  @Test func saysWhatIsNotThere() throws {
    #expect(throws: SoftwareError.searchNotFound(try path("a.py"), line: "return a * b")) {
      try edited(program, "\n    return a * b\n", "x")
    }
    #expect(throws: SoftwareError.emptySearch(try path("a.py"))) {
      try edited(program, "\n", "x")
    }
    #expect(throws: SoftwareError.searchNotFound(try path("a.py"), line: "a")) {
      try edited("", "a\nb\n", "x")
    }
  }

  @Test func disregardsSpacesAtTheEndsOfLines() throws {
    #expect(try edited("a  \nb\n", "a\nb\t\n", "c\n") == "c\n")
  }

  @Test func mendsAnIndentationThatIsOffAsAWhole() throws {
    #expect(
      try edited(program, "if a:\n    return a * 2\n", "if a > 0:\n    return a * 3\n")
        == program.replacing("if a:", with: "if a > 0:").replacing("* 2", with: "* 3"))
    #expect(
      try edited("if a:\n  b\n", "    if a:\n      b\n", "    if c:\n\n      d\n")
        == "if c:\n\n  d\n")
    #expect(throws: SoftwareError.self) {
      // Two lines that are off by different amounts are other code.
      try edited("if a:\n  b\n", "if a:\n    b\n", "x\n")
    }
    #expect(throws: SoftwareError.self) {
      try edited("  x\n    x\n", "x\n", "y\n")
    }
  }

  @Test func takesAnEditOfNothingForANewFile() throws {
    var files = ProjectFiles()
    try files.apply([.edit(try path("a.py"), [.init(search: "", replace: "x = 1\n")])])
    #expect(files[try path("a.py")] == "x = 1\n")
    #expect(throws: SoftwareError.noSuchFile(try path("b.py"))) {
      try files.apply([.edit(try path("b.py"), [.init(search: "x", replace: "y")])])
    }
  }

  @Test func editsInAStraightLineWhateverIsRepeated() throws {
    // Compared line by line at each place, this would be ten thousand million comparisons.
    let file = String(repeating: "a\n", count: 100_000)
    let search = String(repeating: "a\n", count: 99_000) + "b\n"
    #expect(throws: SoftwareError.searchNotFound(try path("a.py"), line: "a")) {
      try edited(file, search, "c\n")
    }
  }
}
