import Foundation

/// The path of a file of a project: relative, inside of it, and a file of that name on Linux, macOS
/// and Windows alike, where the people who get the zip unpack it.
package struct ProjectPath: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
  /// Most that a path and one of its components may have, in bytes, and its components.
  package static let maximumBytes = 200
  package static let maximumComponentBytes = 100
  package static let maximumDepth = 10

  /// In NFC, components between slashes.
  package let text: String

  /// - Throws: `SoftwareError.badPath`, which says what is wrong.
  package init(_ text: String) throws(SoftwareError) {
    // The bound on what is normalised comes first.
    guard text.utf8.count <= Self.maximumBytes * 2 else {
      throw .badPath(text.line(upTo: 60), reason: "is too long")
    }
    let relative = text.hasPrefix("./") ? String(text.dropFirst(2)) : text
    let normal = relative.precomposedStringWithCanonicalMapping
    if let reason = Self.reason(against: normal) {
      throw .badPath(text.line(upTo: 60), reason: reason)
    }
    self.text = normal
  }

  package init(from decoder: any Decoder) throws {
    try self.init(try decoder.singleValueContainer().decode(String.self))
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }

  package static func < (first: ProjectPath, second: ProjectPath) -> Bool {
    first.text.utf8.lexicographicallyPrecedes(second.text.utf8)
  }

  package var description: String { text }

  /// The last component.
  package var name: String { text.split(separator: "/").last.map(String.init) ?? text }

  /// The folders that the file is in, the outermost first.
  var folders: [String] {
    let components = text.split(separator: "/")
    return (1..<max(components.count, 1)).map { components[..<$0].joined(separator: "/") }
  }

  /// The same for all paths that a system which disregards case, or width, takes for one.
  static func key(_ text: String) -> String {
    text.precomposedStringWithCompatibilityMapping.uppercased().lowercased()
      .precomposedStringWithCompatibilityMapping
  }
}

extension ProjectPath {
  private static func reason(against path: String) -> String? {
    guard !path.isEmpty else { return "is empty" }
    guard path.utf8.count <= maximumBytes else { return "is too long" }
    guard !path.utf8.starts(with: "/".utf8) else { return "does not begin inside the project" }
    if path.unicodeScalars.contains(where: \.isForbidden) {
      return "has a character that is not allowed in a file's name"
    }
    // Cut at bytes: a slash and an accent after it are one character to Swift.
    let components = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
    guard components.count <= maximumDepth else { return "has too many folders" }
    for component in components {
      if let reason = reason(againstComponent: component) { return reason }
    }
    return nil
  }

  private static func reason(againstComponent component: String) -> String? {
    guard let first = component.unicodeScalars.first, let last = component.unicodeScalars.last
    else { return "has an empty folder or file name" }
    guard component.utf8.count <= maximumComponentBytes else { return "has too long a name in it" }
    let folded = key(component)
    // Also as what looks like dots: U+2024, U+FF0E.
    if folded.unicodeScalars.allSatisfy({ $0 == "." }) { return "has “.” or “..” in it" }
    if first == " " || last == " " || last == "." {
      return "has a name that begins or ends with a space, or ends with a dot"
    }
    if "-~".unicodeScalars.contains(first) || first.properties.generalCategory == .nonspacingMark {
      return "has a name that begins with “-”, “~” or an accent"
    }
    if folded.unicodeScalars.contains(where: { $0 == "/" || $0.isForbidden }) {
      return "has a character that looks like one that is not allowed"
    }
    if isGit(folded) { return "is in the folder of Git, which is not to be written" }
    if isDevice(folded) { return "is the name of a device on Windows" }
    return nil
  }

  /// Git's own folder, and the short names by which Windows knows it. Characters that show nothing
  /// are refused before; spaces and dots at the end are, too.
  private static func isGit(_ folded: String) -> Bool {
    folded == ".git" || folded.wholeMatch(of: /\.?git~[0-9]+/) != nil
  }

  /// Naming Files, Paths, and Namespaces (learn.microsoft.com/windows/win32/fileio): a device with
  /// any ending is that device.
  private static func isDevice(_ folded: String) -> Bool {
    let base = String(folded.unicodeScalars.prefix { $0 != "." })
      .trimmingCharacters(in: .whitespaces)
    return ["con", "prn", "aux", "nul", "conin$", "conout$", "clock$"].contains(base)
      || base.wholeMatch(of: /(com|lpt)[0-9]/) != nil
  }
}

extension Unicode.Scalar {
  /// In no name: what shows nothing, moves or turns what is shown, or means something to Windows.
  fileprivate var isForbidden: Bool {
    switch properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse,
      .unassigned:
      return true
    case .spaceSeparator: return self != " "
    default:
      return properties.isDefaultIgnorableCodePoint
        || "\\:<>\"|?*\u{FFFD}".unicodeScalars.contains(self)
    }
  }
}
