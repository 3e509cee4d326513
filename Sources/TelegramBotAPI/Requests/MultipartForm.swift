import Foundation
import JSONReading

/// A request with a file, as a browser posts a form (RFC 7578): one part for each parameter, and
/// the file at the end.
struct MultipartForm {
  let contentType: String
  let body: Data

  /// - Parameter candidates: Makes another boundary each time. One that occurs in what is sent is
  ///   not taken.
  /// - Throws: `.invalidRequest` if the parameters are no JSON object.
  init(
    _ json: Data, with attachment: BotRequest.Attachment,
    candidates: () -> String = { "aidevbot-" + UUID().uuidString }
  ) throws(TelegramError) {
    guard let parameters = try? Self.parameters(of: Array(json)) else {
      throw .invalidRequest("the parameters are no JSON object")
    }
    let content = parameters.map(\.value) + [attachment.data]
    var boundary = candidates()
    while content.contains(where: { $0.range(of: Data(boundary.utf8)) != nil }) {
      boundary = candidates()
    }
    var body = Data()
    func add(_ disposition: String, type: String? = nil, _ value: Data) {
      body += Data("--\(boundary)\r\nContent-Disposition: form-data; \(disposition)\r\n".utf8)
      if let type { body += Data("Content-Type: \(type)\r\n".utf8) }
      body += Data("\r\n".utf8) + value + Data("\r\n".utf8)
    }
    for (name, value) in parameters { add("name=\"\(Self.headerSafe(name))\"", value) }
    let field = Self.headerSafe(attachment.field)
    add(
      "name=\"\(field)\"; filename=\"\(Self.headerSafe(attachment.fileName))\"",
      type: Self.headerSafe(attachment.contentType), attachment.data)
    body += Data("--\(boundary)--\r\n".utf8)
    self.body = body
    contentType = "multipart/form-data; boundary=" + boundary
  }

  /// Strings as they are, all else as JSON.
  private static func parameters(of json: [UInt8]) throws -> [(name: String, value: Data)] {
    try JSONSlicer.members(of: json).map { member in
      let name = try text(json[member.name])
      guard json[member.value.lowerBound] == UInt8(ascii: "\"") else {
        return (name, Data(json[member.value]))
      }
      return (name, Data(try text(json[member.value]).utf8))
    }
  }

  private static func text(_ json: ArraySlice<UInt8>) throws -> String {
    try JSONDecoder().decode(String.self, from: Data(json))
  }

  /// Without what could end a quoted string or a line of the part's head. Clients disagree on how
  /// to escape these, so they are replaced.
  private static func headerSafe(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { scalar in
          let isControl = scalar.properties.generalCategory == .control
          return isControl || scalar == "\"" || scalar == "\\" ? "_" : scalar
        }))
  }
}
