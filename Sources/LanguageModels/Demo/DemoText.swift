/// What the demo says: in the form of a real model's answer, and plainly none.
enum DemoText {
  /// By what the instructions ask for.
  static func answer(to prompt: Prompt) -> String {
    if let step = DemoBuild.answer(to: prompt) { return step }
    let kinds = [
      ("into a plan", plan), ("the complete code", code), ("for mistakes", verification),
    ]
    let body = kinds.first { words, _ in prompt.system.contains(words) }?.1 ?? chat
    return """
      \(opening(for: prompt))

      \(body)

      > This is the demo: no real model was called, so nobody has thought about your words yet. \
      To get real answers, whoever runs this bot sets \(whatToSet) and starts it again.
      """
  }

  private static let chat = """
    ## What an answer looks like

    A real model's answer grows **word by word**, as this one does. It may have:

    | part | what it is for |
    |---|---|
    | list | steps, one after the other |
    | table | things side by side |
    | code | what can be copied |

    ```swift
    print("Hello!")
    ```

    You can stop it whenever you like; what you have seen stays.
    """

  private static let plan = """
    ## Plan

    **Purpose:** a small program that does one thing well.

    | part | technology | why |
    |---|---|---|
    | interface | command line | nothing to install |
    | storage | SQLite | one file, no server |

    ### Risks

    1. It grows before anybody uses it.
    2. Nobody tests what happens when it fails.

    ### Tasks

    - [ ] Write down three examples of what goes in and what comes out
    - [ ] Make the first of them work
    - [ ] Test the other two, and what should be refused
    """

  private static let code = """
    ## greet.py

    ```python
    import sys

    def greeting(name: str) -> str:
        return f"Hello, {name}!"

    if __name__ == "__main__":
        print(greeting(sys.argv[1] if len(sys.argv) > 1 else "world"))
    ```

    ### How to run and test it

    1. Save it as `greet.py`.
    2. Type `python3 greet.py Ada`.

    | you type | it says |
    |---|---|
    | `python3 greet.py` | Hello, world! |
    | `python3 greet.py Ada` | Hello, Ada! |
    """

  private static let verification = """
    ## Findings

    | place | effect | remedy |
    |---|---|---|
    | line 3 | an empty list ends the program | look before you take |
    | line 8 | the file stays open | close it in every case |

    ### The worst first

    1. **An empty list.** This takes the first element of it:

       ```python
       first = items[0] if items else None
       ```

    2. **An open file.** Use `with`, which closes it.
    """

  private static var whatToSet: String {
    Provider.all.map { provider in
      let page = provider.keysPage.map { " (\($0.trimmingPrefix("https://")))" } ?? ""
      return provider.essentialSetting + page
    }.joined(separator: ", ", last: " or ")
  }

  /// In characters; enough to recognise one's own message.
  private static let maximumQuoteLength = 200

  private static func opening(for prompt: Prompt) -> String {
    let questions = prompt.messages.filter { $0.role == .user }
    let words = questions.last?.text.split(whereSeparator: \.isWhitespace) ?? []
    guard !words.isEmpty else { return "You haven't asked anything yet." }
    let quote = words.joined(separator: " ")
    let shown = quote.prefix(maximumQuoteLength)
    let verb = quote.hasSuffix("?") ? "asked" : "wrote"
    let again = questions.count > 1 ? "This time you" : "You"
    let isCut = shown.count < quote.count
    // Its own sign ends the sentence.
    let end = isCut || shown.last.map { "?!.…".contains($0) } == true ? "" : "."
    return "\(again) \(verb): “\(shown)\(isCut ? "…" : "")”\(end)"
  }
}
