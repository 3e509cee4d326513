import Foundation

/// A variable of the environment that is nearly called as a setting is: most often a misspelt one.
package struct UnknownVariable: Sendable, Equatable {
  package var name: String
  /// The one that was meant.
  package var suggestion: String

  package var sentence: String {
    "The environment has \(name), which means nothing here (did you mean \(suggestion)?)"
  }

  /// All of an environment, in alphabetical order.
  static func all(in environment: [String: String]) -> [UnknownVariable] {
    environment.keys.sorted().compactMap { name in
      guard !known.contains(name), !ofOthers.contains(name), environment[name]?.isEmpty == false,
        let nearest = nearest(to: name),
        // Where that is set as well, the other one is most likely somebody else's.
        environment[nearest, default: ""].isEmpty
      else { return nil }
      return UnknownVariable(name: name, suggestion: nearest)
    }
  }

  private static let known =
    DeclaredSettings.keys.map(\.environmentName) + [SettingsSource.fileVariable]

  /// What is near, but belongs to other programs.
  private static let ofOthers: Set = ["DATABASE_PASS", "LOGLEVEL", "LOG_LEVELS"]

  /// Two letters may differ, in short names one: programs have many short ones of their own.
  private static func nearest(to name: String) -> String? {
    known.map { (name: $0, distance: $0.editDistance(to: name)) }
      .filter { $0.distance <= ($0.name.count < 12 ? 1 : 2) }
      .min { $0.distance < $1.distance }?.name
  }
}

extension String {
  /// How many letters have to be changed, added or taken away (Levenshtein).
  func editDistance(to other: String) -> Int {
    let other = Array(other)
    var row = Array(0...other.count)
    for (i, letter) in enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, candidate) in other.enumerated() {
        let above = row[j + 1]
        row[j + 1] = Swift.min(above + 1, row[j] + 1, diagonal + (letter == candidate ? 0 : 1))
        diagonal = above
      }
    }
    return row[other.count]
  }
}
