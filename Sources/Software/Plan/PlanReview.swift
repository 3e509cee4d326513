import JSONReading

/// The planner's look at the whole against the idea.
package struct PlanReview: Codable, Equatable, Sendable {
  package static let maximumFindings = 5

  package var isApproved: Bool
  /// What is missing or wrong, the worst first; none if it is approved.
  package var findings: [String]
  /// Of what was built, for people.
  package var summary: String

  package init(isApproved: Bool, findings: [String], summary: String) {
    (self.isApproved, self.findings, self.summary) = (isApproved, findings, summary)
  }

  package init(parsing text: String) throws(SoftwareError) {
    let object = try JSONAnswer(text).object
    guard let isApproved = object["approved"]?.boolean else {
      throw .badValue("“approved” is neither true nor false.")
    }
    let findings = object.lines("findings", count: Self.maximumFindings, upTo: 300)
    guard isApproved || !findings.isEmpty else {
      throw .badValue("It is not approved, and “findings” does not say why.")
    }
    self.isApproved = isApproved
    self.findings = isApproved ? [] : findings
    summary = object.paragraphs("summary", upTo: 800)
  }

  /// JSON Schema, in the part of it that Gemini and OpenRouter both take.
  package static let schema = """
    {"type":"object","properties":{"approved":{"type":"boolean"},\
    "findings":{"type":"array","items":{"type":"string"}},"summary":{"type":"string"}},\
    "required":["approved","findings","summary"],"additionalProperties":false}
    """
}
