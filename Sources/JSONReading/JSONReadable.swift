import Foundation

/// What is read from a JSON value, as `Decodable` would, in a tenth of the time.
package protocol JSONReadable {
  /// - Throws: `JSONFlaw` if the value is of another form.
  init(_ value: JSONValue) throws
}

/// What is read from a JSON object.
package protocol JSONObjectReadable: JSONReadable {
  /// - Throws: `JSONFlaw` if something is missing, or of another form.
  init(_ object: JSONObject) throws
}

/// A JSON text, or a part of it, is not of the form that was expected.
package struct JSONFlaw: Error {
  package init() {}
}

extension JSONObjectReadable {
  package init(_ value: JSONValue) throws {
    guard let object = value.object else { throw JSONFlaw() }
    try self.init(object)
  }

  /// - Parameter json: A text that is that object, and nothing else.
  package init(json: some Sequence<UInt8>) throws {
    guard let object = JSONObject(json) else { throw JSONFlaw() }
    try self.init(object)
  }
}

extension JSONObject {
  /// What has to be there.
  package func read<Value: JSONReadable>(
    _ name: StaticString, as type: Value.Type = Value.self
  ) throws -> Value {
    guard let value = self[name] else { throw JSONFlaw() }
    return try Value(value)
  }

  /// What may be there; `nil` if it is not, or is `null`.
  package func readIfPresent<Value: JSONReadable>(
    _ name: StaticString, as type: Value.Type = Value.self
  ) throws -> Value? {
    try self[name].map { try Value($0) }
  }
}

extension String: JSONReadable {
  package init(_ value: JSONValue) throws {
    // What is escaped is left to whoever knows all of JSON's rules for it.
    let text = value.string { try? JSONDecoder().decode(String.self, from: $0) }
    guard let text else { throw JSONFlaw() }
    self = text
  }
}

extension Int64: JSONReadable {
  package init(_ value: JSONValue) throws {
    guard let number = value.integer else { throw JSONFlaw() }
    self.init(number)
  }
}

extension Int: JSONReadable {
  package init(_ value: JSONValue) throws {
    guard let number = value.integer else { throw JSONFlaw() }
    self = number
  }
}

extension Bool: JSONReadable {
  package init(_ value: JSONValue) throws {
    guard let value = value.boolean else { throw JSONFlaw() }
    self = value
  }
}

extension Array: JSONReadable where Element: JSONReadable {
  package init(_ value: JSONValue) throws {
    guard let elements = value.elements else { throw JSONFlaw() }
    self = try elements.map { try Element($0) }
  }
}

extension Array where Element: JSONReadable {
  /// - Parameter json: A text that is that array, and nothing else.
  package init(json: some Sequence<UInt8>) throws {
    guard let elements = JSONValue.elements(of: json) else { throw JSONFlaw() }
    self = try elements.map { try Element($0) }
  }
}
