import Foundation

/// A part of a form, as RFC 7578 has it.
struct FormPart: Sendable {
  var name: String
  /// Of a file.
  var fileName: String?
  var contentType: String?
  var data: Data
}

extension LoopbackRequest {
  /// The parts of a `multipart/form-data` body, or `nil` where it is not well formed.
  var formParts: [FormPart]? {
    guard let type = headers["content-type"], let mark = type.range(of: "boundary=") else {
      return nil
    }
    let delimiter = Data("\r\n--\(type[mark.upperBound...])".utf8)
    let text = Data("\r\n".utf8) + body
    guard text.starts(with: delimiter) else { return nil }
    var parts: [FormPart] = []
    var start = delimiter.count
    while let next = text.range(of: delimiter, in: start..<text.endIndex) {
      guard let part = FormPart(text[start..<next.lowerBound]) else { return nil }
      parts.append(part)
      start = next.upperBound
    }
    // Behind the last delimiter.
    return text[start...].elementsEqual("--\r\n".utf8) ? parts : nil
  }
}

extension FormPart {
  /// - Parameter text: From behind the delimiter to the next one.
  fileprivate init?(_ text: Data) {
    let lineEnd = Data("\r\n".utf8)
    let start = text.startIndex + lineEnd.count
    guard text.starts(with: lineEnd),
      let end = text.range(of: lineEnd + lineEnd, in: start..<text.endIndex)
    else { return nil }
    let head = String(decoding: text[start..<end.lowerBound], as: UTF8.self)
    var fields: [String: String] = [:]
    for line in head.components(separatedBy: "\r\n") {
      guard let colon = line.firstIndex(of: ":") else { return nil }
      fields[line[..<colon].lowercased()] = line[line.index(after: colon)...]
        .trimmingCharacters(in: .whitespaces)
    }
    guard let disposition = fields["content-disposition"],
      disposition.hasPrefix("form-data; "), let name = Self.quoted("name", in: disposition)
    else { return nil }
    self.name = name
    fileName = Self.quoted("filename", in: disposition)
    contentType = fields["content-type"]
    data = Data(text[end.upperBound...])
  }

  private static func quoted(_ name: String, in disposition: String) -> String? {
    guard let start = disposition.range(of: "; \(name)=\"")?.upperBound,
      let end = disposition[start...].firstIndex(of: "\"")
    else { return nil }
    return String(disposition[start..<end])
  }
}
