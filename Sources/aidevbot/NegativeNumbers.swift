/// The argument parser takes `-5` for a flag. This writes negative numbers, and what is meant for
/// one, so that it takes them for what they are: `--option -5` as `--option=-5`, and others behind
/// `--`, with the arguments that follow them. No option of ours begins with a digit.
func withNegativeNumbersReadable(_ arguments: [String]) -> [String] {
  var (result, positional): ([String], [String]) = ([], [])
  var optionNeedsValue = false
  for argument in arguments {
    guard argument != "--" else { return arguments }
    // Or meant for one, such as `-inf`: no option of ours has several letters behind one dash.
    let isNumber = argument.prefixMatch(of: /-[0-9.]|-[a-z]{2}/) != nil
    if optionNeedsValue {
      if isNumber { result[result.count - 1] += "=" + argument } else { result.append(argument) }
      optionNeedsValue = false
    } else if isNumber || !positional.isEmpty && !argument.hasPrefix("-") {
      positional.append(argument)
    } else {
      result.append(argument)
      optionNeedsValue =
        argument.hasPrefix("--") && !argument.contains("=")
        && !flagNames.contains(String(argument.dropFirst(2)))
    }
  }
  return positional.isEmpty ? result : result + ["--"] + positional
}

/// The options that take no value.
let flagNames: Set = ["all", "allow-free", "csv", "force", "help", "json", "version", "yes"]
