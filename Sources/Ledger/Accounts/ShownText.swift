// What people have chosen, such as their names and titles, where somebody else reads it.

extension String {
  /// With a space for whatever would move a cursor, end the line, turn the direction of writing or
  /// show nothing. Emoji keep what joins them.
  package var onOneLine: String {
    replacingScalars { scalar in
      switch scalar.properties.generalCategory {
      case .control, .lineSeparator, .paragraphSeparator: true
      case .format: scalar != "\u{200D}"
      default: false
      }
    }
  }

  /// With a space for whatever would move a cursor or turn the direction of writing, but for ends
  /// of lines and tabs.
  package var inPlainLines: String {
    replacingScalars { scalar in
      scalar.properties.generalCategory == .control && scalar != "\n" && scalar != "\t"
        || scalar.turnsDirection
    }
  }

  private func replacingScalars(_ isReplaced: (Unicode.Scalar) -> Bool) -> String {
    String(UnicodeScalarView(unicodeScalars.map { isReplaced($0) ? " " : $0 }))
  }
}

extension Unicode.Scalar {
  /// Unicode's annex 9, 2: marks, embeddings, overrides and isolates.
  fileprivate var turnsDirection: Bool {
    switch value {
    case 0x061C, 0x200E...0x200F, 0x202A...0x202E, 0x2066...0x2069: true
    default: false
    }
  }
}
