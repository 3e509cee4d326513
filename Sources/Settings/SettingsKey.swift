import Configuration

/// What is declared of a setting, apart from the type of its value.
package struct SettingsKey: Sendable {
  /// In the file, as in `telegram.bot_token`: what stands before the dot is a section.
  package let name: String
  /// What counts if nothing is set, as it would be written: more than one text in a list, none
  /// if no text says it.
  package let defaultTexts: [String]
  /// How a value looks, for whoever has to write one.
  package let example: String
  /// Of what the value is a number, if it is one of something.
  package let unit: String
  /// Whether it may come as a credential, and has to be kept from others.
  package let isSecret: Bool
  /// Whether its values may be written into the log.
  package let isShown: Bool
  /// Whether it is a list in the file; in the environment, commas stand between its elements.
  package let isList: Bool
  /// Whether a running bot takes a new value: whom it works for, and where, it does not change.
  package let isTakenWhileRunning: Bool
  /// Says in the example file what it is.
  package let sentence: String

  var configKey: AbsoluteConfigKey { AbsoluteConfigKey(ConfigKey(name)) }

  /// The part of the file that it stands in.
  package var section: String { String(name.prefix { $0 != "." }) }

  /// The name within its section.
  package var nameInSection: String { String(name.dropFirst(section.count + 1)) }

  /// `TELEGRAM_BOT_TOKEN`: the names in the environment are a contract.
  package var environmentName: String { name.uppercased().replacing(".", with: "_") }

  /// `telegram_bot_token`.
  package var credentialName: String { environmentName.lowercased() }
}
