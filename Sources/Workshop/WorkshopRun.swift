/// One file that the command finds, relative to its folder.
package struct WorkshopFile: Sendable, Equatable {
  package var path: String
  package var bytes: [UInt8]

  package init(path: String, bytes: [UInt8]) {
    self.path = path
    self.bytes = bytes
  }
}

/// A command and the files that it works on. What it writes is gone with its end.
package struct WorkshopRun: Sendable, Equatable {
  package var files: [WorkshopFile]
  /// A line for bash, inside the cage alone; the files lie in the folder that it starts in.
  package var command: String
  /// How long it may take; bounded by `maximumSeconds`.
  package var seconds: Int

  package init(files: [WorkshopFile], command: String, seconds: Int = Self.usualSeconds) {
    self.files = files
    self.command = command
    self.seconds = seconds
  }

  package static let usualSeconds = 120
  /// The unit ends a run a little later.
  package static let maximumSeconds = 600

  package static let maximumFiles = 1_000
  /// Of all files together; a quarter of the folder that they are written to.
  package static let maximumBytes = 16 << 20
  package static let maximumCommandBytes = 16_000
  package static let maximumPathBytes = 240
  /// What a name of Linux may have.
  private static let maximumNameBytes = 255

  /// Both sides look: what comes over the socket is not taken for checked.
  func check() throws(WorkshopError) {
    guard !command.utf8.contains(0) else { throw .badPath }
    guard command.utf8.count <= Self.maximumCommandBytes, files.count <= Self.maximumFiles,
      files.reduce(0, { $0 + $1.bytes.count }) <= Self.maximumBytes
    else { throw .tooLarge }

    var paths: Set<[UInt8]> = []
    var folders: Set<[UInt8]> = []
    for file in files {
      let bytes = Array(file.path.utf8)
      let names = bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
      guard bytes.count <= Self.maximumPathBytes, names.allSatisfy(Self.isName),
        paths.insert(bytes).inserted
      else { throw .badPath }
      for end in 1..<max(1, names.count) {
        folders.insert(Array(names[..<end].joined(separator: [UInt8(ascii: "/")])))
      }
    }
    guard paths.isDisjoint(with: folders) else { throw .badPath }
  }

  private static func isName(_ name: ArraySlice<UInt8>) -> Bool {
    !name.isEmpty && name.count <= maximumNameBytes && !name.elementsEqual(".".utf8)
      && !name.elementsEqual("..".utf8) && name.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
  }
}
