import JSONReading

/// What the planner asks before it plans.
package struct PlanQuestions: Codable, Equatable, Sendable {
  package struct Question: Codable, Equatable, Sendable {
    package var text: String
    /// Proposed; short enough for buttons.
    package var answers: [String]

    package init(text: String, answers: [String]) {
      (self.text, self.answers) = (text, answers)
    }
  }

  /// More are no help, and one message has to hold them.
  package static let maximumCount = 4
  package static let maximumAnswers = 4

  /// None, if the idea says enough.
  package var questions: [Question]

  package init(questions: [Question]) { self.questions = questions }

  package init(parsing text: String) throws(SoftwareError) {
    let object = try JSONAnswer(text).object
    guard object["questions"]?.elements != nil else {
      throw .badValue("The object has no list “questions”.")
    }
    questions = Array(
      object.objects("questions").lazy
        .map { question in
          Question(
            text: question.line("text", upTo: 300),
            answers: question.lines("answers", count: Self.maximumAnswers, upTo: 60).unique)
        }
        .filter { !$0.text.isEmpty }.prefix(Self.maximumCount))
  }

  /// JSON Schema, in the part of it that Gemini and OpenRouter both take.
  package static let schema = """
    {"type":"object","properties":{"questions":{"type":"array","items":{"type":"object",\
    "properties":{"text":{"type":"string"},"answers":{"type":"array",\
    "items":{"type":"string"}}},"required":["text","answers"],"additionalProperties":false}}},\
    "required":["questions"],"additionalProperties":false}
    """
}

extension [String] {
  /// Each once, in their order.
  var unique: [String] {
    var seen: Set<String> = []
    return filter { seen.insert($0).inserted }
  }
}
