import ArgumentParser
import Settings

struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Look at everything that the bot needs, and say what to type where it fails.",
    discussion: """
      Asks Telegram and the providers what is free, reads the database without writing to it, and \
      works beside the running bot. One line a check: ok, note, warn or FAILED. \
      Exit status 0, or 1 where a check fails.
      """)

  @OptionGroup var output: JSONOption
  @OptionGroup var options: ConfigOption

  func run() async throws {
    var checks: [Check]
    do {
      checks = await Doctor(composition: try await Composition(options)).allChecks()
    } catch let error as SettingsError {
      checks = [Check("settings", .failed, "\(error)")]
    }
    try printChecks(checks, asJSON: output.json)
    if checks.contains(where: { $0.verdict == .failed }) { throw ExitCode(1) }
  }
}

struct CheckConfigCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check-config",
    abstract: "Check the settings, and what else can be checked without a network.",
    discussion: """
      Also names the keys of the configuration file that mean nothing. Exit status 0; 78 where a \
      setting is missing or malformed; 1 where another check fails.
      """)

  @OptionGroup var output: JSONOption
  @OptionGroup var options: ConfigOption

  func run() async throws {
    let doctor = Doctor(composition: try await Composition(options))
    let checks = doctor.localChecks()
    try printChecks(checks, asJSON: output.json)
    if checks.contains(where: { $0.name == "settings" && $0.verdict == .failed }) {
      throw ExitCode(78)
    }
    if checks.contains(where: { $0.verdict == .failed }) { throw ExitCode(1) }
  }
}
