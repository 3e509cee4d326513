/// The argument parser takes `-5` for a flag. This writes negative numbers so that it takes them
/// for what they are: `--option -5` as `--option=-5`, and others behind `--`, in their order.
func withNegativeNumbersReadable(_ arguments: [String]) -> [String] {
  let flags = ["--json", "--all"]
  var (result, positional): ([String], [String]) = ([], [])
  for (index, argument) in arguments.enumerated() {
    guard argument.wholeMatch(of: /-[0-9.]+/) != nil else {
      guard argument != "--" else { return arguments }
      result.append(argument)
      continue
    }
    if index > 0, let last = result.last, last == arguments[index - 1], last.hasPrefix("--"),
      !last.contains("="), !flags.contains(last)
    {
      result[result.count - 1] = "\(last)=\(argument)"
    } else {
      positional.append(argument)
    }
  }
  return positional.isEmpty ? result : result + ["--"] + positional
}
