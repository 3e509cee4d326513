import Software
import Testing

@Suite("Zips")
struct ZipArchiveTests {
  private func files() throws -> ProjectFiles {
    var files = ProjectFiles()
    try files.apply([
      .write(try ProjectPath("src/größe.py"), "print('größe')\n"),
      .write(try ProjectPath("run.sh"), "#!/bin/sh\nexec python3 src/größe.py\n"),
      .write(try ProjectPath("empty.txt"), ""),
    ])
    return files
  }

  @Test func haveTheFilesUnderOneFolder() throws {
    let bytes = try ZipArchive.bytes(of: try files(), folder: "My To-do: list/../x")
    let reading = try ZipReading(bytes)
    #expect(
      reading.entries.map(\.name) == [
        "my-to-do-list-x/empty.txt", "my-to-do-list-x/run.sh", "my-to-do-list-x/src/größe.py",
      ])
    #expect(reading.entries.allSatisfy { $0.isUTF8 })
    #expect(reading.entries.map(\.mode) == [0o100644, 0o100755, 0o100644])
    #expect(reading.entries.map(\.size) == [0, 38, 17])
  }

  @Test func areTheSameBytesForTheSameFiles() throws {
    let first = try ZipArchive.bytes(of: try files(), folder: "a")
    // Whatever order a dictionary has.
    for _ in 0..<4 {
      #expect(try ZipArchive.bytes(of: try files(), folder: "a") == first)
    }
    // No clock, and so no time zone, has a part in it.
    let entries = try ZipReading(first).entries
    #expect(entries.allSatisfy { $0.date == 33 && $0.time == 0 })
  }

  @Test(arguments: [
    ("A to-do list for the terminal", "a-to-do-list-for-the-terminal"), ("", "project"),
    ("Größe", "gr-e"), ("../..", "project"), ("日本", "project"),
    ("one two three four five six seven eight nine", "one-two-three-four-five-six-seven-eight"),
  ])
  func haveAFolderThatIsSafeEverywhere(title: String, name: String) {
    #expect(ZipArchive.folderName(title) == name)
  }

  @Test func areNotMadeOfNothing() {
    #expect(throws: SoftwareError.zipFailed("there are no files")) {
      try ZipArchive.bytes(of: ProjectFiles(), folder: "a")
    }
  }
}

/// The central directory of a zip, by PKWARE's APPNOTE 4.3.12, read by none of libzip's code.
private struct ZipReading {
  struct Entry {
    var name: String
    var isUTF8: Bool
    var date: Int
    var time: Int
    var mode: Int
    var size: Int
  }

  var entries: [Entry] = []

  init(_ bytes: [UInt8]) throws {
    func number(_ place: Int, _ count: Int) -> Int {
      (0..<count).reduce(0) { $0 | Int(bytes[place + $1]) << (8 * $1) }
    }
    // Without a comment, the end of the directory is the last 22 bytes.
    let end = bytes.count - 22
    try #require(end >= 0 && number(end, 4) == 0x0605_4B50)
    var place = number(end + 16, 4)
    for _ in 0..<number(end + 10, 2) {
      try #require(number(place, 4) == 0x0201_4B50)
      let length = number(place + 28, 2)
      entries.append(
        Entry(
          name: String(decoding: bytes[place + 46..<place + 46 + length], as: UTF8.self),
          isUTF8: number(place + 8, 2) & 0x800 != 0
            || bytes[place + 46..<place + 46 + length]
              .allSatisfy { $0 < 0x80 },
          date: number(place + 14, 2), time: number(place + 12, 2),
          mode: number(place + 38, 4) >> 16, size: number(place + 24, 4)))
      place += 46 + length + number(place + 30, 2) + number(place + 32, 2)
    }
  }
}
