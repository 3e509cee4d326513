import Foundation

/// The Bot API as data, to check requests against: Telegram itself ignores a misspelt parameter and
/// clamps a number out of range, so a mistake would show only in what users see.
///
/// The data are the part of the published specification that concerns the methods we use. A type
/// outside that part fails the check.
package struct BotAPISchema: Sendable, Decodable {
  fileprivate struct Field: Decodable {
    /// `Integer`, `Array of T`, `A or B`, …
    var type: String
    var required: Bool
    /// The published length, such as `1-64 bytes`.
    var description: String?
    /// The one value that the field can have: it tells the subtypes of a type apart.
    var value: String?
  }

  fileprivate struct Fields: Decodable {
    var fields: [String: Field]
    /// Names of types, one of which the object must be of.
    var subtypes: [String]?
    /// What it stands for, where it need not be an object.
    var type: String?
  }

  private let methods: [String: Fields]
  private let types: [String: Fields]

  /// Read beside the source, so it is found from every directory and by every test target.
  package init() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(component: "bot-api-subset.json")
    self = try JSONDecoder().decode(BotAPISchema.self, from: Data(contentsOf: file))
  }

  /// What is wrong with a request; `nil` if nothing is.
  package func fault(in parameters: [String: JSONValue], of method: String) -> String? {
    guard let fields = methods[method] else { return "unknown method \(method)" }
    return fault(in: parameters, as: fields, at: method)
  }

  /// What is wrong with an object that Telegram would send; `nil` if nothing is.
  package func fault(in value: JSONValue, ofType type: String) -> String? {
    fault(in: value, as: type, at: type)
  }

  /// A part of a form, where everything is text, as its parameter's type wants to have it read.
  package func value(of text: String, for parameter: String, of method: String) -> JSONValue {
    let types = methods[method]?.fields[parameter]?.type.components(separatedBy: " or ") ?? []
    if types.contains("Integer"), let integer = Int64(text) { return .integer(integer) }
    if types.contains("String") { return .string(text) }
    return (try? JSONValue(json: Data(text.utf8))) ?? .string(text)
  }

  private func fault(in object: [String: JSONValue], as fields: Fields, at path: String)
    -> String?
  {
    for (name, field) in fields.fields where field.required && object[name] == nil {
      return "\(path) lacks \(name)"
    }
    for (name, value) in object.sorted(by: { $0.key < $1.key }) {
      guard let field = fields.fields[name] else { return "\(path) has no parameter \(name)" }
      let path = "\(path).\(name)"
      if let fault = fault(in: value, as: field.type, at: path) { return fault }
      if let string = value.string, let fault = field.lengthFault(of: string) {
        return "\(path) \(fault)"
      }
      if let only = field.value, value != .string(only) { return "\(path) is not \(only)" }
    }
    return nil
  }

  private func fault(in value: JSONValue, as type: String, at path: String) -> String? {
    let choices = type.components(separatedBy: " or ")
    if choices.count > 1 {
      let faults = choices.map { fault(in: value, as: $0, at: path) }
      return faults.contains(nil) ? nil : "\(path) is no \(type)"
    }
    if let meaning = types[type]?.type { return fault(in: value, as: meaning, at: path) }
    let arrayPrefix = "Array of "
    if type.hasPrefix(arrayPrefix) {
      guard let array = value.array else { return "\(path) is no \(type)" }
      let elementType = String(type.dropFirst(arrayPrefix.count))
      for (index, element) in array.enumerated() {
        if let fault = fault(in: element, as: elementType, at: "\(path)[\(index)]") { return fault }
      }
      return nil
    }
    switch (type, value) {
    case ("Integer", .integer), ("Float", .integer), ("Float", .number), ("String", .string),
      ("Boolean", .bool), ("True", .bool(true)):
      return nil
    case (_, .object(let object)):
      guard let fields = types[type] else { return "\(path) is no \(type), as far as is known" }
      if let subtypes = fields.subtypes {
        let fits = subtypes.contains { fault(in: value, as: $0, at: path) == nil }
        return fits ? nil : "\(path) is no \(type)"
      }
      return fault(in: object, as: fields, at: path)
    default: return "\(path) is no \(type)"
    }
  }
}

extension BotAPISchema.Field {
  /// Characters are counted as UTF-16 units.
  fileprivate func lengthFault(of string: String) -> String? {
    guard let words = description?.split(separator: " "), words.count == 2 else { return nil }
    let bounds = words[0].split(separator: "-").compactMap { Int($0) }
    guard bounds.count == 2 else { return nil }
    let length = words[1] == "bytes" ? string.utf8.count : string.utf16.count
    return bounds[0]...bounds[1] ~= length ? nil : "is not \(words.joined(separator: " "))"
  }
}
