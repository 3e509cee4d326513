/// Why something that a model wrote, or that is to be packed, is not taken. Each case has a
/// sentence for the model, with which it is asked to put it right.
package enum SoftwareError: Error, Equatable {
  /// `reason` completes the sentence "The path … ".
  case badPath(String, reason: String)
  /// Two paths of which systems of files keep only one.
  case collidingPaths(ProjectPath, ProjectPath)
  /// A path that is a file here and a folder there.
  case fileIsFolder(ProjectPath)
  /// The file is no text, or is longer than `ProjectFiles.maximumFileBytes`.
  case notText(ProjectPath)
  case fileTooLong(ProjectPath)
  /// More than `ProjectFiles.maximumCount` files.
  case tooManyFiles
  /// More than `ProjectFiles.maximumBytes` in all.
  case projectTooLarge
  /// A change of a file, or the deletion of one, that is not there.
  case noSuchFile(ProjectPath)
  /// `line` is the first line that was looked for.
  case searchNotFound(ProjectPath, line: String)
  case searchNotUnique(ProjectPath, line: String, count: Int)
  /// Nothing to look for, in a file that has something in it.
  case emptySearch(ProjectPath)
  /// The answer ends within this file or change.
  case cutOff(String)
  /// A block that is no whole SEARCH/REPLACE block.
  case brokenBlock(String)
  /// A file has fences in it that may be its own end.
  case fencesUnclear(ProjectPath)
  case noChanges
  case answerTooLong
  /// No JSON object, or one that ends too early.
  case noJSON
  case jsonCutOff
  /// `reason` is a sentence about the member that is missing or wrong.
  case badValue(String)
  /// libzip's own words; for the log, not for a model.
  case zipFailed(String)

  /// For the model that wrote it: what is wrong, and what to do.
  package var sentence: String {
    switch self {
    case .badPath, .collidingPaths, .fileIsFolder, .notText, .fileTooLong, .tooManyFiles,
      .projectTooLarge, .noSuchFile:
      sentenceAboutFiles
    case .searchNotFound, .searchNotUnique, .emptySearch, .cutOff, .brokenBlock, .fencesUnclear,
      .noChanges, .answerTooLong:
      sentenceAboutChanges
    case .noJSON: "There is no JSON object in the answer. Give the JSON object alone."
    case .jsonCutOff: "The JSON ends too early. Give all of it, and keep its texts shorter."
    case .badValue(let reason): reason
    case .zipFailed(let reason): "The zip could not be made: \(reason)."
    }
  }

  private var sentenceAboutFiles: String {
    switch self {
    case .badPath(let path, let reason): "The path `\(path)` \(reason)."
    case .collidingPaths(let first, let second):
      "`\(first)` and `\(second)` are one and the same file on some systems. Rename one of them."
    case .fileIsFolder(let path): "`\(path)` cannot be a file and a folder."
    case .notText(let path): "`\(path)` is not text. Only text files can be written."
    case .fileTooLong(let path):
      "`\(path)` is longer than \(ProjectFiles.maximumFileBytes / 1024) kB. Divide it."
    case .tooManyFiles: "These are more than \(ProjectFiles.maximumCount) files."
    case .projectTooLarge:
      "The files are more than \(ProjectFiles.maximumBytes / 1_048_576) MB together."
    case .noSuchFile(let path):
      "There is no file `\(path)` to be changed or deleted. A new file is written whole."
    default: ""
    }
  }

  private var sentenceAboutChanges: String {
    switch self {
    case .searchNotFound(let path, let line):
      """
      In `\(path)`, the SEARCH text that begins with `\(line)` is not there. Copy the lines \
      exactly as they stand in the file.
      """
    case .searchNotUnique(let path, let line, let count):
      """
      In `\(path)`, the SEARCH text that begins with `\(line)` is there \(count) times. Add lines \
      around it, so that it is there once.
      """
    case .emptySearch(let path):
      "A SEARCH text for `\(path)` is empty. Name the lines to be replaced."
    case .cutOff(let place):
      "The answer broke off within `\(place)`, of which nothing was taken. Write that again, whole."
    case .brokenBlock(let place): Self.sentenceAboutBlock(of: place)
    case .fencesUnclear(let path):
      "`\(path)` has fences of its own. Put it between longer ones, of five backticks or more."
    case .noChanges:
      "The answer has neither a file under its path nor a SEARCH/REPLACE block under one."
    case .answerTooLong: "The answer is too long. Write less in one answer."
    default: ""
    }
  }

  private static func sentenceAboutBlock(of place: String) -> String {
    """
    A SEARCH/REPLACE block of `\(place)` is not whole: its path, <<<<<<< SEARCH, =======, and \
    >>>>>>> REPLACE stand on lines of their own, each once. A file that has such lines itself is \
    written whole.
    """
  }
}
