import Foundation
import Yams

/// A key of the configuration file that means nothing to the bot: most often a misspelt one.
package struct UnknownKey: Sendable, Equatable {
  /// As in `telegram.bot_tokn`.
  package var name: String
  /// The key that was meant, if one is near.
  package var suggestion: String?

  package var sentence: String {
    "The configuration file has a key \(name), which means nothing here"
      + (suggestion.map { " (did you mean \($0)?)" } ?? "")
  }

  /// All of a file, in its order.
  package static func all(inYAML text: String) -> [UnknownKey] {
    guard let document = try? Yams.compose(yaml: text), let mapping = document.mapping else {
      return []
    }
    return mapping.flatMap { section, content -> [UnknownKey] in
      let section = section.string ?? "?"
      guard sections.contains(section), let keys = content.mapping else {
        // What is empty, such as a section whose keys are all comments, sets nothing.
        return sections.contains(section) && content.isEmpty ? [] : [UnknownKey(section)]
      }
      return keys.compactMap { key, _ in
        let name = "\(section).\(key.string ?? "?")"
        return names.contains(name) ? nil : UnknownKey(name)
      }
    }
  }

  private init(_ name: String) {
    self.name = String(name.prefix(64))
    suggestion = Self.nearest(to: self.name)
  }

  private static let names = DeclaredSettings.keys.map(\.name)
  private static let sections = Set(DeclaredSettings.keys.map(\.section))

  /// A third of the letters may differ. A key without its section is found, too.
  private static func nearest(to name: String) -> String? {
    let last = name.split(separator: ".").last.map(String.init) ?? name
    let elsewhere = names.filter { $0.hasSuffix("." + last) }
    if elsewhere.count == 1 { return elsewhere.first }
    let isSection = !name.contains(".")
    return (isSection ? sections.sorted() : names)
      .map { (name: $0, distance: $0.editDistance(to: name)) }
      .filter { $0.distance * 3 <= name.count }
      .min { $0.distance < $1.distance }?.name
  }
}

extension SettingsSource {
  /// Whether the file has a token or a key in it.
  package var fileHoldsSecrets: Bool {
    guard let file, let text = try? String(contentsOfFile: file, encoding: .utf8),
      let document = try? Yams.compose(yaml: text)
    else { return false }
    return DeclaredSettings.keys.contains { key in
      key.isSecret && document[key.section]?[key.nameInSection] != nil
    }
  }

  /// Keys of the file that mean nothing.
  package var unknownKeys: [UnknownKey] {
    guard let file, let text = try? String(contentsOfFile: file, encoding: .utf8) else { return [] }
    return UnknownKey.all(inYAML: text)
  }
}
