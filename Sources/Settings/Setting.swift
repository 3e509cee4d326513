/// A setting, declared once: its key, what counts if it is not set, and how its value is read.
package struct Setting<Value: Sendable>: AnySetting {
  /// What counts if nothing is set.
  package enum Unset: Sendable {
    /// The same as if these texts were written.
    case defaults([String])
    /// What no text says.
    case value(Value)
    /// It has to be set, for the reason that the sentence gives.
    case problem(String)

    static func `default`(_ text: String) -> Self { .defaults([text]) }
  }

  package let key: SettingsKey
  private let form: SettingForm<Value>
  private let unset: Unset

  /// - Parameters:
  ///   - name: As in `telegram.bot_token`.
  ///   - example: How a value looks, if there is no default.
  ///   - sentence: Says in the example file what it is.
  init(
    _ name: String, _ form: SettingForm<Value>, unset: Unset, example: String? = nil,
    unit: String = "", isSecret: Bool = false, isShown: Bool = true, isTakenWhileRunning: Bool,
    _ sentence: String
  ) {
    let defaults = if case .defaults(let texts) = unset { texts } else { [String]() }
    self.form = form
    self.unset = unset
    key = SettingsKey(
      name: name, defaultTexts: defaults, example: example ?? defaults.first ?? "...", unit: unit,
      isSecret: isSecret, isShown: isShown && !isSecret, isList: form.isList,
      isTakenWhileRunning: isTakenWhileRunning, sentence: sentence)
  }

  /// - Throws: `SettingsError` if it is missing or malformed.
  func value(in source: SettingsSource) throws -> Value {
    if let texts = try source.texts(key) {
      if key.isSecret || key.isShown, texts.contains(where: \.isQuoted) {
        throw SettingsError(key, "is in quotation marks; leave them out")
      }
      return try form.read(texts, key)
    }
    switch unset {
    case .defaults(let texts): return try form.read(texts, key)
    case .value(let value): return value
    case .problem(let sentence): throw SettingsError(key, sentence)
    }
  }

  package func check(in source: SettingsSource) throws {
    _ = try value(in: source)
  }
}

/// A setting, whatever its value is.
package protocol AnySetting: Sendable {
  var key: SettingsKey { get }

  /// - Throws: `SettingsError` if it is missing or malformed.
  func check(in source: SettingsSource) throws
}

extension String {
  /// Whether marks of a shell or a file have become part of the value. Words of people may have
  /// their own.
  fileprivate var isQuoted: Bool {
    guard count > 1, let first, let last else { return false }
    return first == last && "\"'`".contains(first) || "“„".contains(first) && "”“".contains(last)
  }
}
