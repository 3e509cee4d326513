import LanguageModels

/// What kind of work a model is asked for. Each has its model, its instructions and its length.
package enum TaskType: String, Sendable, CaseIterable {
  case chat
  case planning
  case coding
  case verification

  package var title: String {
    switch self {
    case .chat: "Chat"
    case .planning: "Planning"
    case .coding: "Coding"
    case .verification: "Verification"
    }
  }

  /// How long an answer may get, in tokens, thinking included, if the balance allows it.
  var outputCap: Int {
    switch self {
    case .chat: 8_192
    case .planning, .coding, .verification: 16_384
    }
  }

  /// How many tokens of that a model may think, if it takes such a bound.
  var thinkingBudget: Int {
    switch self {
    case .chat: 1_024
    case .planning, .coding, .verification: 4_096
    }
  }

  /// Beside the thoughts, what an answer needs to be of use.
  static let outputBesideThoughts = 1_024

  /// Whether a task list in the answer becomes the project's own.
  var updatesTaskList: Bool { self == .planning || self == .verification }

  var instructions: String {
    let common = """
      You are aidevbot, an experienced software developer who works with people in a chat. Answer \
      in the language of the person. Be exact, friendly and brief. Markdown is \
      welcome: headings, lists, tables of few columns, code in fences that name the language; no \
      HTML and no pictures.
      """
    switch self {
    case .chat:
      return common
    case .planning:
      return common + """
         Turn the request into a plan: purpose, main parts, technology with reasons, risks, and \
        then the tasks in order as a Markdown task list, one line each, in the form "- [ ] task".
        """
    case .coding:
      return common + """
         Write the complete code that is asked for, ready to run, with the names of its files, and \
        say in a few words how to run and test it.
        """
    case .verification:
      return common + """
         Check the given code or text for mistakes, security problems and missing cases. Name each \
        finding with its place, its effect and its remedy, the worst first; say so if there are \
        none. If the project has a task list, end with it, and mark done tasks with "- [x]".
        """
    }
  }
}
