import Assistant

/// `/code TEXT`: writes software.
struct CodeCommand: TextTaskCommand {
  let name = "code"
  let summary = "Write code: /code a Swift function that reverses words"
  let task = TaskType.coding
  let example = "a Swift function that reverses words"
}
