import JSONReading

/// What the planner decides about a task whose repairs have failed.
package enum FailureDecision: Equatable, Sendable {
  /// Once more, as these words to the coding model say; where the check itself was wrong, by
  /// another command.
  case anotherWay(String, command: String?)
  /// The task stays open, for this reason, which people read.
  case leaveOpen(String)

  package init(parsing text: String) throws(SoftwareError) {
    let object = try JSONAnswer(text).object
    let words = object.paragraphs("words", upTo: 1_000)
    switch object.line("decision", upTo: 40) {
    case "another_way":
      guard !words.isEmpty else { throw .badValue("“words” does not say which other way.") }
      let command = object.line("command", upTo: 300)
      self = .anotherWay(words, command: command.isEmpty ? nil : command)
    case "leave_open": self = .leaveOpen(words)
    default: throw .badValue("“decision” is neither “another_way” nor “leave_open”.")
    }
  }

  /// JSON Schema, in the part of it that Gemini and OpenRouter both take.
  package static let schema = """
    {"type":"object","properties":{"decision":{"type":"string",\
    "enum":["another_way","leave_open"]},"words":{"type":"string"},\
    "command":{"type":"string"}},"required":["decision","words","command"],\
    "additionalProperties":false}
    """
}
