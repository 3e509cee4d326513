import Foundation

/// Why a text cannot be read as JSON, as far as it shows: what a broken download leaves, or a page
/// in place of a file.
enum JSONFlaw {
  /// Goes on after "it", without a full stop.
  static func sentence(of json: Data) -> String {
    let start = json.first { !" \t\r\n".utf8.contains($0) }
    guard let start else { return "is empty" }
    if start == UInt8(ascii: "<") { return "is a web page and no JSON" }
    guard "{[".utf8.contains(start) else { return "is no JSON" }
    if breaksOff(json) {
      return "is not whole: its JSON breaks off after \(json.count) bytes; fetch it again"
    }
    return "cannot be read as JSON"
  }

  /// Whether a text, a list or an object is still open at the end.
  private static func breaksOff(_ json: Data) -> Bool {
    var (depth, isText, isEscaped) = (0, false, false)
    for byte in json {
      switch byte {
      case _ where isEscaped: isEscaped = false
      case UInt8(ascii: "\\") where isText: isEscaped = true
      case UInt8(ascii: "\""): isText.toggle()
      case UInt8(ascii: "{") where !isText, UInt8(ascii: "[") where !isText: depth += 1
      case UInt8(ascii: "}") where !isText, UInt8(ascii: "]") where !isText: depth -= 1
      default: break
      }
    }
    return isText || depth > 0
  }
}
