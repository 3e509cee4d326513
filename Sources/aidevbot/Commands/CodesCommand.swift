import ArgumentParser
import Commands
import Foundation
import Ledger
import Settings

struct CodesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "codes", abstract: "Make, list and revoke promotion codes.",
    subcommands: [CodesCreateCommand.self, CodesListCommand.self, CodesRevokeCommand.self])
}

struct CodesCreateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create",
    abstract: "Make a code that gives credits to whoever sends /redeem with it.",
    discussion: "People can use codes once PROMOTIONS_CODES is true.")

  @Option(help: "How many each person gets, such as 50.", transform: Credits.init(argument:))
  var credits: Credits
  @Option(help: "How many people can use it.")
  var uses: Int
  @Option(
    help: ArgumentHelp("The last day on which it works, in UTC.", valueName: "yyyy-mm-dd"),
    transform: lastMoment(ofDay:))
  var expires: Date
  @Option(
    help: ArgumentHelp(
      "Letters and digits; without it, one is made that nobody guesses.", valueName: "text"))
  var code: String?
  @OptionGroup var question: GiftQuestion
  @OptionGroup var output: JSONOption
  @OptionGroup var options: ConfigOption

  func validate() throws {
    guard credits > .zero else { throw ValidationError("--credits must be above zero.") }
    try credits.checkGift()
    guard expires > Date() else { throw ValidationError("--expires must not be in the past.") }
    guard 1...1_000_000 ~= uses else { throw ValidationError("--uses must be 1 to 1000000.") }
    guard code?.wholeMatch(of: /[A-Za-z0-9_-]{4,32}/) != nil || code == nil else {
      throw ValidationError("--code must be 4 to 32 letters, digits, hyphens and underscores.")
    }
  }

  func run() async throws {
    let composition = try await Composition(options)
    try question.check(
      credits, uses == 1 ? "to one person" : "to each of \(uses) people", asJSON: output.json)
    let isTaken = try composition.settings.promotions().codesAreTaken
    let made = try composition.write { tx in
      try tx.promotionCodes.create(
        code, credits: credits, maximumUses: uses, expiresAt: expires)
    }
    if output.json { return try printJSON(CodeOutput(made)) }
    print(
      "\(made.code) gives \(credits) credits to \(uses == 1 ? "one person" : "\(uses) people"), "
        + "until \(expires.tableText) UTC.")
    if !isTaken { print("People can use it once PROMOTIONS_CODES is true.") }
  }
}

struct CodesListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the codes and how often each was used.")

  @OptionGroup var output: TableOption
  @OptionGroup var options: ConfigOption

  func run() async throws {
    let codes = try await Composition(options).database().read {
      try $0.promotionCodes.list()
    }
    var table = Table([
      .init("CODE", "code"), .init("CREDITS", "credits"), .init("USED", "uses"),
      .init("OF", "most_uses"), .init("UNTIL (UTC)", "expires_at", rank: 1),
      .init("STATE", "state"), .init(nil, "revoked_at"),
    ])
    for code in codes {
      table.add(
        code.code, "\(code.credits)", "\(code.uses)", "\(code.maximumUses)",
        code.expiresAt.tableText, code.state(at: Date()).rawValue,
        code.revokedAt?.tableText)
    }
    try output.show(table, json: codes.map(CodeOutput.init), empty: "There are no codes.")
  }
}

struct CodesRevokeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke",
    abstract: "End a code for good; who has used it keeps the credits.",
    discussion: "The code stays in the list, and its name cannot be used again.")

  @Argument(help: "The code, in any case.")
  var code: String
  @OptionGroup var output: JSONOption
  @OptionGroup var options: ConfigOption

  func run() async throws {
    let composition = try await Composition(options)
    let (before, revoked) = try composition.write(toExisting: true) { tx in
      let before = try tx.promotionCodes.revoke(code)
      return (before, try tx.promotionCodes.list().first { $0.code == before.code } ?? before)
    }
    if output.json { return try printJSON(CodeOutput(revoked)) }
    if let earlier = before.revokedAt {
      return print("\(before.code) was revoked at \(earlier.tableText) UTC already.")
    }
    let users =
      switch before.uses {
      case 0: "Nobody has used it."
      case 1: "1 person has used it and keeps the credits."
      case let count: "\(count) people have used it and keep the credits."
      }
    print("\(before.code) is revoked. \(users)")
  }
}

private struct CodeOutput: Encodable {
  var code: String
  var credits: String
  var uses: Int
  var maximumUses: Int
  var expiresAt: Date
  var revokedAt: Date?
  var state: String

  private enum CodingKeys: String, CodingKey {
    case code, credits, uses, expiresAt, revokedAt, state
    /// As scripts know it.
    case maximumUses = "mostUses"
  }

  init(_ code: PromotionCode) {
    self.code = code.code
    credits = "\(code.credits)"
    uses = code.uses
    maximumUses = code.maximumUses
    expiresAt = code.expiresAt
    revokedAt = code.revokedAt
    state = code.state(at: Date()).rawValue
  }
}

/// The end of that day in UTC.
private func lastMoment(ofDay text: String) throws -> Date {
  guard let day = Date(day: text) else {
    throw ValidationError("--expires must be a day such as 2027-01-31.")
  }
  return day + (.day - 0.001)
}
