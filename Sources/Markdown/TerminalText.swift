extension FormattedText {
  /// With the styles as a terminal shows them (ECMA-48, *Select Graphic Rendition*). Each line
  /// stands for itself, so that it may be wrapped or cut off.
  package var inTerminal: String {
    guard !styles.isEmpty else { return text }
    let units = Array(text.utf16)
    var result = ""
    var open: [StyledRange] = []
    var next = 0
    var start = 0
    while start < units.count {
      open.removeAll { $0.range.upperBound <= start }
      while next < styles.count, styles[next].range.lowerBound <= start {
        open.append(styles[next])
        next += 1
      }
      var end = open.map(\.range.upperBound).min() ?? units.count
      if next < styles.count { end = min(end, styles[next].range.lowerBound) }
      if let line = units[start..<end].firstIndex(of: 0x0A) { end = max(line, start + 1) }
      let part = String(units: units[start..<end])
      let codes = open.flatMap(\.style.codes)
      if codes.isEmpty || part == "\n" {
        result += part
      } else {
        result += "\u{1B}[\(codes.joined(separator: ";"))m\(part)\u{1B}[0m"
      }
      for link in open where link.range.upperBound == end {
        if case .link(let url) = link.style { result += " (\(url))" }
      }
      start = end
    }
    return result
  }
}

extension StyledRange.Style {
  fileprivate var codes: [String] {
    switch self {
    case .bold: ["1"]
    case .italic: ["3"]
    case .strikethrough: ["9"]
    case .code, .preformatted, .formula: ["36"]
    case .link: ["4"]
    case .quote, .expandableQuote: ["2"]
    }
  }
}
