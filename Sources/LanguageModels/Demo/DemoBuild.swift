/// The steps of a build, as the demo answers them. Their prompts are made elsewhere; that the demo
/// knows them all is tested from both sides.
enum DemoBuild {
  /// `nil` if the prompt is none of a build.
  static func answer(to prompt: Prompt) -> String? {
    guard
      ["You plan software for aidevbot", "You write software for aidevbot"]
        .contains(where: prompt.system.hasPrefix), let message = prompt.messages.last?.text
    else { return nil }
    let lines = message.split(separator: "\n")
    // The last line is ours; what is above may have been written by anybody.
    guard let step = lines.last?.wholeMatch(of: /Step: (.+)/)?.1 else { return nil }
    let story = story(of: lines)
    let isRun = !message.contains("Every “command” is empty.")
    let task = taskIndex(in: message)
    return switch step {
    case "questions": story.questions
    case "plan", "change of plan", "repair of JSON": story.plan(isRun: isRun)
    case "refinement":
      DemoStory.change(of: story.title.replacing(DemoStory.changed, with: "")).plan(isRun: isRun)
    case "task":
      story.answer(
        toTask: task, hasMistake: !message.contains("Nothing can be run, so be exact."))
    case "repair": story.repair(ofTask: task)
    case "decision": #"{"decision": "leave_open", "words": "\#(giveUp)", "command": ""}"#
    case "review": story.review
    default: "The demo knows no way to do that."
    }
  }

  private static let giveUp = "This is the demo, which knows one way to mend this, and no other."

  /// By the plan, if there is one yet, and else by the idea.
  private static func story(of lines: [Substring]) -> DemoStory {
    let titles = lines.compactMap { $0.wholeMatch(of: /Title: (.+)/)?.1 }
    for title in titles {
      for story in DemoStory.all {
        if title == story.title { return story }
        if title == "\(story.title)\(DemoStory.changed)" { return .change(of: story.title) }
      }
    }
    let idea = lines.drop { !$0.hasPrefix("<data-") }.dropFirst().prefix {
      !$0.hasPrefix("</data-")
    }
    return .nearest(to: idea.joined(separator: "\n"))
  }

  /// From 0.
  private static func taskIndex(in message: String) -> Int {
    let numbers = message.matches(of: /[Tt]ask ([0-9]+) of the plan/)
    return (numbers.last.flatMap { Int($0.1) } ?? 1) - 1
  }
}
