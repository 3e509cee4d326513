import Assistant

/// `/verify TEXT`: checks software.
struct VerifyCommand: TextTaskCommand {
  let name = "verify"
  let summary = "Check code for mistakes: /verify and the code"
  let task = TaskType.verification
  let example = "func half(_ n: Int) -> Int { n / 3 }"
}
