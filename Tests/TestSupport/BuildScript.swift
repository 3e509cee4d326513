import Foundation

/// What models answer to the steps of a build: a small program in two tasks.
package enum BuildScript {
  package static let idea = "a program that greets"

  package static let questions = """
    {"questions": [
      {"text": "In which language?", "answers": ["English", "German"]},
      {"text": "Loudly?", "answers": ["Yes"]}]}
    """

  package static let plan = """
    {"title": "Greeter", "purpose": "It greets people.", "stack": ["python3"],
     "files": [
       {"path": "greet.py", "purpose": "the program", "names": ["greet(name)"], "lines": 20},
       {"path": "test_greet.py", "purpose": "its tests", "names": [], "lines": 20}],
     "tasks": [
       {"title": "Greet", "files": ["greet.py"], "outcome": "it greets",
        "command": "python3 greet.py"},
       {"title": "Test it", "files": ["test_greet.py"], "outcome": "it is tested",
        "command": "python3 -m unittest"}],
     "run_command": "python3 greet.py", "test_command": "python3 -m unittest"}
    """

  package static let greet = "I wrote it.\n\ngreet.py\n````python\nprint('Helo')\n````\n"
  package static let tests = "Its tests.\n\ntest_greet.py\n````python\nimport unittest\n````\n"
  package static let repair = """
    Mended.

    greet.py
    <<<<<<< SEARCH
    print('Helo')
    =======
    print('Hello')
    >>>>>>> REPLACE
    """
  package static let approval = """
    {"approved": true, "findings": [], "summary": "It greets."}
    """

  /// The answers to each step, by its name.
  package static func answers() -> [String: [String]] {
    [
      "questions": [questions], "plan": [plan], "change of plan": [plan], "refinement": [plan],
      "task": [greet, tests], "repair": [repair], "review": [approval],
      "decision": [#"{"decision": "leave_open", "words": "Too hard."}"#],
      "repair of JSON": [plan],
    ]
  }

  /// What a call asks for: the last line of its message.
  package static func step(of request: LoopbackRequest) -> String? {
    let body = String(decoding: request.body, as: UTF8.self)
    guard let mark = body.range(of: "\\nStep: ", options: .backwards) else { return nil }
    return String(body[mark.upperBound...].prefix { $0 != "\"" })
  }
}

extension FakeProvider {
  /// Answers the steps of builds from the script; the last answer to a step again and again. What
  /// else is asked is answered as usual.
  package func answerSteps(by script: Watched<[String: [String]]>) {
    onAnswer { request, answer in
      guard let step = BuildScript.step(of: request) else { return }
      answer.inputTokens = 1_500
      answer.outputTokens = 400
      // A count of tokens takes no answer away.
      guard Dialect.asksForAnswer(request) else { return }
      answer.text = script.change { script in
        guard var texts = script[step], !texts.isEmpty else { return "I do not know." }
        let text = texts.count > 1 ? texts.removeFirst() : texts[0]
        script[step] = texts
        return text
      }
    }
  }
}
