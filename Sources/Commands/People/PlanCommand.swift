import Assistant

/// `/plan TEXT`: what to build, step by step.
struct PlanCommand: TextTaskCommand {
  let name = "plan"
  let summary = "Plan a piece of software: /plan a to-do app for two"
  let task = TaskType.planning
  let example = "a to-do app for two"
}
