import Foundation
import Settings
import Testing

/// What follows from the declarations of the settings, or has to agree with them.
@Suite("Declared settings")
struct DeclaredSettingsTests {
  private static let keys = DeclaredSettings.keys
  private static let package = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  private static let examplePath = package.appending(path: "config/aidevbot.example.yaml").path

  private static func text(_ path: String) throws -> String {
    try String(contentsOf: package.appending(path: path), encoding: .utf8)
  }

  @Test func haveNamesOfTheirOwn() {
    #expect(Self.keys.count > 25)
    #expect(Set(Self.keys.map(\.environmentName)).count == Self.keys.count)
    for key in Self.keys {
      #expect(key.name.wholeMatch(of: /[a-z_]+\.[a-z_]+/) != nil, "\(key.name)")
      #expect(key.sentence.hasSuffix("."), "\(key.name)")
    }
  }

  /// The names of secrets tell what they are, so that none is forgotten.
  @Test func areSecretWhereTheyAreKeysOrTokens() {
    for key in Self.keys {
      let isSecret = ["_key", "_token", "_secret", "_password"].contains(where: key.name.hasSuffix)
      #expect(key.isSecret == isSecret, "\(key.name)")
      #expect(!key.isSecret || !key.isShown, "\(key.name)")
    }
  }

  @Test func reachTheBotAsCredentialsWhereTheyAreSecret() throws {
    let (unit, manual) = (
      try Self.text("systemd/aidevbot.service"), try Self.text("systemd/debian/sections.man")
    )
    let guide = try Self.text("systemd/README.md")
    for name in Self.keys.filter(\.isSecret).map(\.credentialName) {
      #expect(unit.contains("\nLoadCredential=\(name):/etc/aidevbot/credentials/\(name)\n"))
      #expect(unit.contains("\nSetCredential=\(name):\\n\n"), "\(name)")
      #expect(manual.contains(name) && manual.contains(name.uppercased()), "\(name)")
      #expect(guide.contains("`\(name)`"), "\(name)")
    }
  }

  /// Words of people are in the memory of each.
  @Test(arguments: ["aidevbot", "aidevbot-backup", "aidevbot-litestream"])
  func stayOutOfCoreDumpsWithAllElse(unit: String) throws {
    #expect(try Self.text("systemd/\(unit).service").contains("\nLimitCORE=0\n"))
  }

  /// All of them as the example writes them; the token is all that is missing.
  @Test func canBeReadAsTheyStandInTheExample() async throws {
    let source = try await SettingsSource(file: Self.examplePath, environment: [:])
    for setting in DeclaredSettings.all where setting.key.name != "telegram.bot_token" {
      #expect(throws: Never.self, "\(setting.key.name)") { try setting.check(in: source) }
    }
  }

  /// In their order, each with its sentence and its default, or an example where there is none.
  @Test func standInTheExampleAsTheyAreDeclared() throws {
    let entries = ExampleFile(try Self.text("config/aidevbot.example.yaml")).entries
    #expect(entries.map(\.name) == Self.keys.map(\.name))
    for (entry, key) in zip(entries, Self.keys) {
      #expect(entry.comment.hasPrefix(key.sentence), "\(entry)")
      let lines: [String] =
        if key.isList, !key.defaultTexts.isEmpty {
          ["\(key.nameInSection):"] + key.defaultTexts.map { "  - \"\($0)\"" }
        } else {
          ["\(key.defaultTexts.isEmpty ? "# " : "")\(key.nameInSection): \(key.example)"]
        }
      #expect(entry.lines == lines)
    }
  }
}

/// The example, taken apart into its keys, those in comments included.
private struct ExampleFile {
  struct Entry {
    /// With its section.
    var name: String
    /// What stands above it, as one line.
    var comment: String
    /// The key and its value, without the section's indentation.
    var lines: [String]
  }

  private(set) var entries: [Entry] = []

  init(_ text: String) {
    var (section, comment) = ("", [Substring]())
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if let match = line.wholeMatch(of: /([a-z_]+):/) {
        section = String(match.1)
      } else if let match = line.wholeMatch(of: #/  ((?:# )?([a-z_]+):.*)/#) {
        entries.append(
          Entry(
            name: "\(section).\(match.2)", comment: comment.joined(separator: " "),
            lines: [String(match.1)]))
      } else if let match = line.wholeMatch(of: #/  # (.*)/#) {
        comment.append(match.1)
        continue
      } else if !line.isEmpty, !entries.isEmpty {
        entries[entries.count - 1].lines.append(String(line.dropFirst(2)))
      }
      comment = []
    }
  }
}
