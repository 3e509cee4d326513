import LanguageModels
package import Messaging

/// The buttons under the last message of an answer.
package enum AnswerButtons {
  /// What a press asks for, and of which answer: that of the update.
  package enum Press: Sendable, Equatable {
    case again(Int64)
    case goOn(Int64)

    private static let commands = (again: "anew", goOn: "goon")

    /// `nil` for another button, or for what a modified client has made up.
    package init?(data: String) {
      let parts = data.split(separator: ":", maxSplits: 1)
      guard parts.count == 2, let id = Int64(parts[1]) else { return nil }
      switch String(parts[0]) {
      case Self.commands.again: self = .again(id)
      case Self.commands.goOn: self = .goOn(id)
      default: return nil
      }
    }

    package var updateID: Int64 {
      switch self {
      case .again(let id), .goOn(let id): id
      }
    }

    package var button: Button {
      switch self {
      case .again(let id):
        Button("Again", command: Self.commands.again, argument: String(id))
      case .goOn(let id):
        Button("Go on", command: Self.commands.goOn, argument: String(id))
      }
    }
  }

  /// Whatever stands under an answer is put there here.
  static func under(_ work: Work, ending: Answer.Ending) -> [Button] {
    let all: [Press] =
      ending == .complete
      ? [.again(work.updateID)] : [.goOn(work.updateID), .again(work.updateID)]
    let builds = work.sender.isPrivate && (work.task == .planning || work.task == .coding)
    return all.map(\.button) + (builds ? [buildButton(work.updateID)] : [])
  }

  /// Whether it is one of those.
  static func has(_ button: Button) -> Bool {
    guard case .press(let data) = button.action else { return false }
    return Press(data: data) != nil
  }

  private static let buildArgument = "from:"

  /// Has built what an answer has planned or sketched.
  private static func buildButton(_ updateID: Int64) -> Button {
    Button("Build this", command: "new", argument: "\(buildArgument)\(updateID)")
  }

  /// The update of the answer that such a button is under; `nil` for another one.
  package static func answerToBuild(_ argument: String) -> Int64? {
    guard argument.hasPrefix(buildArgument) else { return nil }
    return Int64(argument.dropFirst(buildArgument.count))
  }

  /// What a model is asked by "Go on". The person sees nothing of it.
  package static let goOnWords = """
    Go on exactly where your answer above ends, in the same language, as if there had been no \
    break. Repeat nothing of it and do not comment on this. If it ends within a block of code, \
    open that again with its language first.
    """
}
