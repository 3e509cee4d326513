// Writes the man page: reads what `aidevbot --experimental-dump-help` prints from standard input, and
// the sections that no help text has from the file that is its argument.
//
//   aidevbot --experimental-dump-help | swift manual.swift sections.man VERSION YYYY-MM-DD
import Foundation

struct Help: Decodable {
  var command: Command
}

struct Command: Decodable {
  var commandName: String
  var abstract: String?
  var discussion: String?
  var arguments: [Argument]?
  var subcommands: [Command]?
  /// `false` for what nobody types.
  var shouldDisplay: Bool?
}

struct Argument: Decodable {
  struct Name: Decodable {
    var kind: String
    var name: String

    var text: String { (kind == "long" ? "--" : "-") + name }
  }

  var kind: String
  var shouldDisplay: Bool
  var isOptional: Bool
  var isRepeating: Bool
  var names: [Name]?
  var preferredName: Name?
  var valueName: String?
  var abstract: String?
  var defaultValue: String?

  /// Every command has these, and the page says so once.
  var isUsual: Bool { ["help", "version"].contains(preferredName?.name) }
}

/// As roff takes it for text, and hyphens for what they are.
func escaped(_ text: some StringProtocol) -> String {
  let plain = text.replacingOccurrences(of: "\\", with: "\\e")
    .replacingOccurrences(of: "-", with: "\\-")
  return plain.hasPrefix(".") || plain.hasPrefix("'") ? "\\&" + plain : plain
}

/// Empty lines part paragraphs; other ends of lines stay.
func paragraphs(_ text: String) -> String {
  text.components(separatedBy: "\n\n").map { paragraph in
    paragraph.split(separator: "\n").map(escaped).joined(separator: "\n.br\n")
  }.joined(separator: "\n.PP\n")
}

func usage(_ argument: Argument) -> String {
  let value = argument.valueName.map { "\\fI\(escaped($0))\\fR" } ?? ""
  var text = argument.preferredName.map { "\\fB\(escaped($0.text))\\fR" } ?? ""
  if argument.kind != "flag" { text += text.isEmpty ? value : " " + value }
  return (argument.isOptional ? "[\(text)]" : text) + (argument.isRepeating ? "..." : "")
}

func entry(_ argument: Argument) -> String {
  let names = (argument.names ?? []).map { "\\fB\(escaped($0.text))\\fR" }.joined(separator: ", ")
  let value =
    argument.kind == "flag" ? "" : "\\fI\(escaped(argument.valueName ?? "value"))\\fR"
  let text = [argument.abstract, argument.defaultValue.map { "The default is \($0)." }]
    .compactMap { $0 }.joined(separator: " ")
  return """
    .TP
    \([names, value].filter { !$0.isEmpty }.joined(separator: " "))
    \(escaped(text))

    """
}

/// The commands that do something, each with its whole name.
func leaves(_ command: Command, _ path: [String]) -> [(name: String, command: Command)] {
  let path = path + [command.commandName]
  let below = (command.subcommands ?? []).filter {
    $0.commandName != "help" && $0.shouldDisplay != false
  }
  guard below.isEmpty else { return below.flatMap { leaves($0, path) } }
  return [(path.joined(separator: " "), command)]
}

func section(_ name: String, _ command: Command) -> String {
  let arguments = (command.arguments ?? []).filter { $0.shouldDisplay && !$0.isUsual }
  var text = """
    .SS "\(escaped(name))"
    \\fB\(escaped(name))\\fR \(arguments.map(usage).joined(separator: " "))
    .PP
    \(escaped(command.abstract ?? ""))

    """
  if let discussion = command.discussion { text += ".PP\n\(paragraphs(discussion))\n" }
  return text + arguments.map(entry).joined()
}

let arguments = CommandLine.arguments
guard arguments.count == 4 else {
  FileHandle.standardError.write(Data("usage: manual.swift SECTIONS VERSION DATE\n".utf8))
  exit(64)
}
let input = FileHandle.standardInput.readDataToEndOfFile()
let root = try JSONDecoder().decode(Help.self, from: input).command
let commands = leaves(root, []).map { section($0.name, $0.command) }.joined()
let sections = try String(contentsOfFile: arguments[1], encoding: .utf8)
print(
  """
  .TH AIDEVBOT 1 "\(escaped(arguments[3]))" "aidevbot \(escaped(arguments[2]))" "aidevbot"
  .SH NAME
  aidevbot \\- \(escaped(root.abstract ?? ""))
  .SH SYNOPSIS
  .B aidevbot
  .I command
  .RI [ options ]
  .SH DESCRIPTION
  \(paragraphs(root.discussion ?? ""))
  .SH COMMANDS
  Each takes
  .B \\-h
  or
  .B \\-\\-help
  and explains itself.
  \(commands)\(sections)
  """, terminator: "")
