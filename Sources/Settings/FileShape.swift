import Yams

/// Whether sections, lists and single values stand in the file where they are declared. The
/// readers take what stands elsewhere for what is not set, and the default would count unseen.
enum FileShape {
  /// - Throws: `SettingsError`. What is no YAML at all is left to whoever reads it.
  static func check(_ text: String, file: String) throws(SettingsError) {
    let document: Node?
    do {
      document = try Yams.compose(yaml: text)
    } catch YamlError.duplicatedKeysInMapping(let names, let place) {
      let name = names.first(where: knownNames.contains).map { "the key \($0)" } ?? "a key"
      throw SettingsError(
        file: file,
        "has \(name) twice in one place; look at line \(place.mark.line) and those below it")
    } catch {
      return
    }
    for (name, content) in document?.mapping ?? [:] {
      guard let section = name.string, sections.contains(section) else { continue }
      guard let keys = content.mapping else {
        // A section whose keys are all comments.
        guard !content.isEmpty else { continue }
        throw SettingsError(
          file: file,
          "gives \(section) a value of its own, but it is a section; write its keys "
            + "below it, indented by two spaces")
      }
      for key in DeclaredSettings.keys where key.section == section {
        if let value = keys[key.nameInSection] { try check(value, of: key) }
      }
    }
  }

  private static func check(_ value: Node, of key: SettingsKey) throws(SettingsError) {
    switch value {
    case .sequence(let elements) where key.isList:
      guard elements.allSatisfy({ $0.scalar != nil }) else {
        throw SettingsError(
          key, "must be a list of texts; put quotation marks around each of them")
      }
    case .sequence, .mapping:
      throw SettingsError(
        key,
        key.isList ? "must be a list" : "must be a single value, not a list or a section")
    case .scalar, .alias: return
    }
  }

  private static let sections = Set(DeclaredSettings.keys.map(\.section))
  private static let knownNames = sections.union(DeclaredSettings.keys.map(\.nameInSection))
}

extension Node {
  /// Whether it sets nothing.
  var isEmpty: Bool { scalar?.string.isEmpty == true || null != nil }
}
