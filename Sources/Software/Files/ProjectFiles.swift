/// The files of a project: text, bounded, and such that any system can hold them side by side.
package struct ProjectFiles: Sendable, Equatable {
  /// More than any plan has (`BuildPlan.maximumFiles`), with room for what comes beside it.
  package static let maximumCount = 200
  /// Of one file: more than a model writes in one answer.
  package static let maximumFileBytes = 262_144
  /// Of all of them: a message of Telegram takes a file of 50 MB, a database less gladly.
  package static let maximumBytes = 2_097_152

  package private(set) var contents: [ProjectPath: String] = [:]

  package init() {}

  /// - Throws: What `apply` throws, for files that could not have been written.
  package init(_ contents: [ProjectPath: String]) throws(SoftwareError) {
    self.contents = contents
    try check()
  }

  /// In their order.
  package var paths: [ProjectPath] { contents.keys.sorted() }

  package var byteCount: Int { contents.values.reduce(0) { $0 + $1.utf8.count } }

  package subscript(path: ProjectPath) -> String? { contents[path] }

  /// Does all of the changes, one after the other, or none.
  package mutating func apply(_ changes: [FileChange]) throws(SoftwareError) {
    var next = self
    for change in changes { try next.apply(change) }
    try next.check()
    self = next
  }

  private mutating func apply(_ change: FileChange) throws(SoftwareError) {
    switch change {
    case .write(let path, let text):
      contents[path] = text
    case .edit(let path, let edits):
      // A new file, as one edit of nothing.
      if contents[path] == nil, let edit = edits.first, edits.count == 1,
        edit.search.lines.allSatisfy(\.isBlankLine)
      {
        contents[path] = edit.replace
        return
      }
      guard var text = contents[path] else { throw .noSuchFile(path) }
      for edit in edits {
        text = try edit.apply(to: text, at: path)
        // Edit upon edit could double a file each time.
        guard text.utf8.count <= Self.maximumFileBytes else { throw .fileTooLong(path) }
      }
      contents[path] = text
    case .delete(let path):
      guard contents.removeValue(forKey: path) != nil else { throw .noSuchFile(path) }
    }
  }

  private func check() throws(SoftwareError) {
    guard contents.count <= Self.maximumCount else { throw .tooManyFiles }
    for (path, text) in contents.sorted(by: { $0.key < $1.key }) {
      guard text.utf8.count <= Self.maximumFileBytes else { throw .fileTooLong(path) }
      guard !text.utf8.contains(0) else { throw .notText(path) }
    }
    guard byteCount <= Self.maximumBytes else { throw .projectTooLarge }
    try Self.checkTogether(paths)
  }

  /// That no two are one file, or one folder under two names, and none is another's folder.
  static func checkTogether(_ paths: [ProjectPath]) throws(SoftwareError) {
    var files: [String: ProjectPath] = [:]
    var folders: [String: (name: String, path: ProjectPath)] = [:]
    for path in paths {
      if let other = files.updateValue(path, forKey: ProjectPath.key(path.text)) {
        throw .collidingPaths(other, path)
      }
      for folder in path.folders {
        let key = ProjectPath.key(folder)
        if let known = folders[key], known.name != folder {
          throw .collidingPaths(known.path, path)
        }
        folders[key] = (folder, path)
      }
    }
    for path in paths where folders[ProjectPath.key(path.text)] != nil {
      throw .fileIsFolder(path)
    }
  }
}
