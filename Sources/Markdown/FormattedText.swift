/// A text and which of it is shown how. Nobody reads markup from it any more.
package struct FormattedText: Sendable, Equatable {
  package var text: String
  /// In the order of their beginnings, the longer first. Of two that have something in common, one
  /// lies within the other; nothing lies within code, nor code within anything but a quote.
  package var styles: [StyledRange]

  package init(_ text: String, styles: [StyledRange] = []) {
    self.text = text
    self.styles = styles
  }

  /// At most so many UTF-16 units of its beginning, in whole characters.
  package func prefix(_ maximum: Int) -> FormattedText {
    guard text.utf16.count > maximum else { return self }
    var text = text
    while text.utf16.count > maximum { text.removeLast() }
    let end = text.utf16.count
    return FormattedText(
      text,
      styles: styles.compactMap { style in
        guard style.range.lowerBound < end else { return nil }
        return StyledRange(style.style, style.range.lowerBound..<min(style.range.upperBound, end))
      })
  }

  /// What follows a beginning of so many UTF-16 units.
  package func after(_ beginning: Int) -> FormattedText {
    FormattedText(
      String(text.utf16.dropFirst(beginning)) ?? "",
      styles: styles.compactMap { style in
        guard style.range.upperBound > beginning else { return nil }
        let lower = max(style.range.lowerBound, beginning) - beginning
        return StyledRange(style.style, lower..<(style.range.upperBound - beginning))
      })
  }
}

package struct StyledRange: Sendable, Equatable {
  package enum Style: Sendable, Equatable {
    case bold, italic, strikethrough, code
    /// A block of code.
    case preformatted(language: String?)
    case link(url: String)
    /// In LaTeX; of a rich text alone.
    case formula
    case quote
    /// A long quote, of which the beginning is shown until somebody wants to read it.
    case expandableQuote
  }

  package var style: Style
  /// UTF-16 units; never empty, and never within a character's surrogate pair.
  package var range: Range<Int>

  package init(_ style: Style, _ range: Range<Int>) {
    self.style = style
    self.range = range
  }
}

extension StyledRange.Style {
  /// Whether it is of a fixed width, which nothing else lies within.
  var isCode: Bool {
    switch self {
    case .code, .preformatted, .formula: true
    default: false
    }
  }

  var isPreformatted: Bool {
    if case .preformatted = self { true } else { false }
  }

  var isLink: Bool {
    if case .link = self { true } else { false }
  }
}

/// What a message may hold.
package struct MessageLimits: Sendable {
  /// UTF-16 units, at least 2.
  package var units: Int
  package var styles: Int

  package init(units: Int, styles: Int) {
    precondition(units >= 2, "a surrogate pair takes two units")
    precondition(styles >= 16, "styles that lie within each other are cut together")
    self.units = units
    self.styles = styles
  }
}
