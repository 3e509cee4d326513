/// Which files go along with a step: those that matter, whole; of the others, that they are there.
struct FilesInPrompt {
  /// In bytes, of all files that go along; some 16,000 tokens.
  static let limit = 65_536

  private(set) var shown: [ProjectPath] = []
  private let files: ProjectFiles
  private let plan: BuildPlan?
  private let limit: Int

  /// - Parameters:
  ///   - first: Those of the step.
  ///   - output: Of a program; what it names goes along.
  init(
    _ files: ProjectFiles, plan: BuildPlan?, first: [ProjectPath], words: String = "",
    output: String = "", limit: Int = limit
  ) {
    (self.files, self.plan, self.limit) = (files, plan, limit)
    shown = first.filter { files[$0] != nil }
    let others = files.paths.filter { !shown.contains($0) }
    shown += others.filter { output.mentions($0.text) || output.mentions($0.name) }
    let used = ([words] + first.compactMap { files[$0] }).reduce(into: Set<Substring>()) {
      $0.formUnion($1.names)
    }
    shown += others.filter { path in
      !shown.contains(path) && names(of: path).contains { $0.count >= 3 && used.contains($0) }
    }
    keepWithinLimit(first: Set(first))
  }

  /// All of them, as far as they fit.
  init(all files: ProjectFiles, limit: Int = limit) {
    (self.files, plan, self.limit) = (files, nil, limit)
    shown = files.paths
    keepWithinLimit(first: [])
  }

  /// By which other files use a file: its shared names, without what stands before them ("class")
  /// and their parameters, and its own name without the ending.
  private func names(of path: ProjectPath) -> [Substring] {
    let shared = plan?.files.first { $0.path == path }?.names ?? []
    return shared.compactMap { $0.prefix { $0 != "(" && $0 != ":" }.names.last }
      + [path.name.prefix { $0 != "." }]
  }

  /// What does not fit is in the index alone; the first file of a step is there in any case.
  private mutating func keepWithinLimit(first: Set<ProjectPath>) {
    var room = limit
    shown = shown.filter { path in
      let size = min(files[path]?.utf8.count ?? 0, limit)
      guard size <= room else { return false }
      room -= size
      return true
    }
  }

  var text: String {
    let blocks = shown.map { PromptData("file \($0)", files[$0] ?? "", limit: limit).block }
    let others = files.paths.filter { !shown.contains($0) }
    var parts: [String] = []
    if !blocks.isEmpty {
      parts.append("Files as they stand now:\n\n" + blocks.joined(separator: "\n\n"))
    }
    if !others.isEmpty {
      parts.append("Other files of the project, not shown:\n" + index(of: others))
    }
    return parts.isEmpty ? "There are no files yet." : parts.joined(separator: "\n\n")
  }

  private func index(of paths: [ProjectPath]) -> String {
    paths.map { "- \($0), \(files[$0]?.utf8.count ?? 0) bytes" }.joined(separator: "\n")
  }
}

extension StringProtocol where SubSequence == Substring {
  /// What may be a name in a program.
  fileprivate var names: [Substring] {
    split { !($0.isLetter || $0.isNumber || $0 == "_") }
  }
}
