package import JSONReading

/// A Telegram user or bot. Bot API, *User*.
package struct User: Decodable, Sendable, Equatable {
  /// Needs 52 bits.
  package var id: Int64
  package var isBot: Bool
  package var firstName: String
  /// Without the at sign.
  package var username: String?
  /// IETF language tag of the user's app.
  package var languageCode: String?

  private enum CodingKeys: String, CodingKey {
    case id, username
    case isBot = "is_bot"
    case firstName = "first_name"
    case languageCode = "language_code"
  }
}

extension User: JSONObjectReadable {
  package init(_ object: JSONObject) throws {
    id = try object.read("id")
    isBot = try object.read("is_bot")
    firstName = try object.read("first_name")
    username = try object.readIfPresent("username")
    languageCode = try object.readIfPresent("language_code")
  }
}
