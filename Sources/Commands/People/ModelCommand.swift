import Assistant
import GRDB
import Ledger
import Messaging
import Metering

/// `/model`: which model does which kind of work, what each would cost, and one tap to choose.
struct ModelCommand: Command {
  let name = "model"
  let summary = "Choose the models that work for you"
  let isPersonal = true
  let readsOnly = true
  let models: OfferedModels
  let terms: BillingTerms

  /// Shows the list in place of another message.
  private static let show = "show"

  static let button = Button("Choose models", command: "model", argument: show)

  func respond(to request: CommandRequest, in tx: LedgerTransaction) throws -> CommandResponse {
    .reply(try overview(of: request.account(), in: tx))
  }

  func press(
    _ argument: String, by request: CommandRequest, in tx: LedgerTransaction
  ) throws -> ButtonResponse {
    let account = try request.account()
    func answer(_ notice: String) throws -> ButtonResponse {
      ButtonResponse(notice: notice, replacement: try overview(of: account, in: tx))
    }
    guard argument != Self.show else { return try answer("These are the models.") }
    guard let choice = Choice(argument) else {
      return try answer("This button has expired. These are the models.")
    }
    let offered = try models.all(for: choice.task, in: tx)
    guard choice.check == Choice.check(of: offered), offered.indices.contains(choice.index) else {
      return try answer("The models have changed. This is what there is now.")
    }
    var preferences = try Preferences.of(account.id, in: tx)
    preferences.models[choice.task] = offered[choice.index]
    try preferences.keep(of: account.id, in: tx)
    return try answer("\(choice.task.title): \(offered[choice.index].shortName)")
  }

  private func overview(of account: UserAccount, in tx: LedgerTransaction) throws -> Reply {
    let preferences = try Preferences.of(account.id, in: tx)
    var paragraphs = [
      "Which model does what, and about how many credits a typical request would cost with it:"
    ]
    var buttons: [Button] = []
    var isAnyOffered = false
    for task in TaskType.allCases {
      let offered = try models.all(for: task, in: tx)
      isAnyOffered = isAnyOffered || !offered.isEmpty
      let (current, _) = try models.model(for: task, preferences, in: tx)
      let usage = try TypicalUsage.of(account.id, task: task.rawValue, in: tx)
      let lines = try offered.map { model in
        let charge = try usage.charge(at: tx.pricing.sold(model), terms, PriceMoment(tx.now))
        return "\(model == current ? "✓" : "•") \(model): \(charge.aboutText)"
      }
      let header = "\(task.title) (\(usage.sentence))"
      paragraphs.append(
        offered.isEmpty
          ? "\(task.title): nothing is available right now."
          : ([header] + lines).joined(separator: "\n"))
      guard offered.count > 1 else { continue }
      buttons += offered.enumerated().map { index, model in
        Choice(task: task, index: index, check: Choice.check(of: offered))
          .button(model, isChosen: model == current)
      }
    }
    if buttons.isEmpty, isAnyOffered {
      paragraphs.append("There is one model for each kind of work, so there is nothing to choose.")
    }
    return Reply(paragraphs.joined(separator: "\n\n"), buttons: buttons)
  }

  /// What a button chooses: a place in a list, and by a check of it, in which list.
  private struct Choice {
    var task: TaskType
    var index: Int
    var check: String

    init(task: TaskType, index: Int, check: String) {
      (self.task, self.index, self.check) = (task, index, check)
    }

    init?(_ text: String) {
      let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 3, let task = TaskType(rawValue: parts[0]), let index = Int(parts[1])
      else { return nil }
      self.init(task: task, index: index, check: parts[2])
    }

    func button(_ model: ModelID, isChosen: Bool) -> Button {
      Button(
        "\(isChosen ? "✓ " : "")\(task.title): \(model.shortName)", command: "model",
        argument: "\(task.rawValue):\(index):\(check)")
    }

    /// FNV-1a of the names, 32 bits.
    static func check(of models: [ModelID]) -> String {
      var hash: UInt32 = 2_166_136_261
      for byte in models.map({ "\($0)\n" }).joined().utf8 {
        hash = (hash ^ UInt32(byte)) &* 16_777_619
      }
      return String(hash, radix: 16)
    }
  }
}

extension ModelID {
  /// Without its vendor, as far as a button has room for it.
  fileprivate var shortName: String {
    let name = name.split(separator: "/").last.map(String.init) ?? name
    return name.count > 40 ? name.prefix(39) + "…" : name
  }
}

extension TypicalUsage {
  /// What "typical" is here.
  var sentence: String {
    let tokens = "\(inputTokens) tokens in, \(outputTokens) out"
    return requests.map { "the median of your last \($0): \(tokens)" } ?? "for example \(tokens)"
  }
}
