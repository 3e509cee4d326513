import Messaging

/// A press of a button of a build: what it asks for, of which build, and of which version of its
/// plan and price. A modified client makes up any of them.
struct BuildPress: Equatable {
  enum Action: Equatable {
    case answer(question: Int, Int)
    case youDecide(question: Int)
    case justBuild
    case build
    case change
    case quoteAgain
    case cancel
    case pause
    case stop
    case goOn
    /// On with the model of that number among those offered.
    case goOnWith(Int)
    /// What there is, as it is.
    case deliver
    /// What was put aside.
    case takeUp
  }

  var action: Action
  var buildID: String
  var version: Int

  init(_ action: Action, _ build: Build) {
    self.action = action
    buildID = build.id
    version = build.version
  }

  /// The command whose buttons they are.
  static let command = "new"

  private static let names: [(String, Action)] = [
    ("just", .justBuild), ("build", .build), ("change", .change), ("quote", .quoteAgain),
    ("cancel", .cancel), ("pause", .pause), ("stop", .stop), ("go", .goOn), ("send", .deliver),
    ("again", .takeUp),
  ]

  /// `action:build:version`, and numbers.
  init?(argument: String) {
    let parts = argument.split(separator: ":").map(String.init)
    guard parts.count >= 3, let version = Int(parts[2]) else { return nil }
    let numbers = parts.dropFirst(3).map { Int($0) ?? -1 }
    switch (parts[0], numbers.count) {
    case ("answer", 2): action = .answer(question: numbers[0], numbers[1])
    case ("decide", 1): action = .youDecide(question: numbers[0])
    case ("with", 1): action = .goOnWith(numbers[0])
    case (let name, 0):
      guard let known = Self.names.first(where: { $0.0 == name }) else { return nil }
      action = known.1
    default: return nil
    }
    buildID = parts[1]
    self.version = version
  }

  func button(_ title: String) -> Button {
    let (name, numbers): (String, [Int]) =
      switch action {
      case .answer(let question, let number): ("answer", [question, number])
      case .youDecide(let question): ("decide", [question])
      case .goOnWith(let number): ("with", [number])
      default: (Self.names.first { $0.1 == action }?.0 ?? "", [])
      }
    let parts = [name, buildID, String(version)] + numbers.map(String.init)
    return Button(title, command: Self.command, argument: parts.joined(separator: ":"))
  }
}
