@testable import aidevbot
import Installation
import Settings
import Testing

/// What an operator is told to type and to edit: by the package, and in a folder with the sources.
@Suite("Hints by installation")
struct InstallationTests {
  private static func installation(
    _ executable: String? = "/usr/bin/aidevbot", environment: [String: String] = [:],
    hasAdmin: Bool = true
  ) -> Installation {
    Installation(executable: executable, environment: environment) { path in
      hasAdmin && path == "/usr/bin/aidevbot-admin"
    }
  }

  @Test(arguments: [
    ("/usr/bin/aidevbot", true, "aidevbot-admin"),
    // An upgrade has put another file there.
    ("/usr/bin/aidevbot (deleted)", true, "aidevbot-admin"),
    ("/usr/bin/aidevbot", false, "aidevbot"),
    ("/usr/local/bin/aidevbot", true, "aidevbot"),
    ("/home/ada/aidevbot/.build/debug/aidevbot", true, "aidevbot"),
    (nil, true, "aidevbot"),
  ])
  func knowsWhatIsTyped(executable: String?, hasAdmin: Bool, program: String) {
    let here = Self.installation(executable, hasAdmin: hasAdmin)
    #expect(here.program == program)
    #expect(here.isPackaged == (program == "aidevbot-admin"))
  }

  @Test func aSecretOfThePackageHasAFileThatNobodyElseReads() {
    let packaged = Self.installation()
    let path = "/etc/aidevbot/credentials/gemini_api_key"
    #expect(packaged.credential("GEMINI_API_KEY") == path)
    #expect(packaged.setting(secret: "GEMINI_API_KEY") == "put it into \(path)")
    let own = Self.installation("/tmp/aidevbot")
    #expect(own.credential("GEMINI_API_KEY") == nil)
    #expect(own.setting(secret: "GEMINI_API_KEY") == "set GEMINI_API_KEY")
  }

  /// A shell of root or anybody else has neither the secrets nor the data of the unit.
  @Test func leadsToTheBotOfThePackage() {
    let shell = Self.installation()
    #expect(shell.commandInUnit(["users", "list"]) == "aidevbot-admin users list")
    #expect(
      shell.commandInUnit(["credits", "grant", "42", "5", "--reason", "it's $5"])
        == #"aidevbot-admin credits grant 42 5 --reason 'it'\''s $5'"#)
    for name in ["STATE_DIRECTORY", "CREDENTIALS_DIRECTORY"] {
      let unit = Self.installation(environment: [name: "/somewhere"])
      #expect(unit.commandInUnit(["users", "list"]) == nil)
    }
    #expect(Self.installation("/tmp/aidevbot").commandInUnit(["users", "list"]) == nil)
  }

  @Test func aWrongSettingIsMendedWhereItStands() {
    let token = SettingsError(Settings.declared.telegramBotToken.key, "is not set")
    let markup = SettingsError(Settings.declared.billingMarkup.key, "is not a number")
    let (packaged, own) = (Self.installation(), Self.installation("/tmp/aidevbot"))
    let file = "/etc/aidevbot/aidevbot.yaml"
    #expect(
      token.next(packaged, file: file) == "sudo editor /etc/aidevbot/credentials/telegram_bot_token"
    )
    // It has been put there, and only this shell does not see it.
    let command = "aidevbot-admin check-config"
    #expect(token.next(packaged, file: file, command: command) { _ in true } == command)
    #expect(token.next(own, file: "/nowhere/aidevbot.yaml") == "export TELEGRAM_BOT_TOKEN=...")
    #expect(token.next(own, file: nil) == "export TELEGRAM_BOT_TOKEN=...")
    #expect(markup.next(packaged, file: "/nowhere/a.yaml") == "sudo editor /nowhere/a.yaml")
    // Nobody is made root to edit what is theirs.
    #expect(markup.next(own, file: #filePath) == "editor \(#filePath)")
    #expect(markup.next(own, file: nil) == nil)
  }
}
