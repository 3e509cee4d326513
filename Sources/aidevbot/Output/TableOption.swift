import ArgumentParser
import Commands
import Foundation
import Glibc

/// How a command prints what it lists.
struct TableOption: ParsableArguments {
  @Flag(help: "Print JSON instead of text.")
  var json = false
  @Flag(help: "Print CSV instead of text, for a spreadsheet.")
  var csv = false

  func validate() throws {
    guard !json || !csv else { throw ValidationError("Choose --json or --csv, not both.") }
  }

  /// Prints the table in the form that was asked for.
  ///
  /// - Parameters:
  ///   - json: What `--json` prints.
  ///   - empty: Stands in the place of a table for people that has no rows.
  ///   - title: Stands above the table for people.
  ///   - all: How many rows there are, where the table has but the newest.
  ///   - sums: How many rows at its end sum up the others.
  func show(
    _ table: Table, json value: @autoclosure () throws -> some Encodable, empty: String,
    title: String? = nil, all: Int? = nil, sums: Int = 0
  ) throws {
    if json { return try printJSON(try value()) }
    if csv { return Self.write(CSV.text(table.csvRows)) }
    guard !table.isEmpty else { return print(empty) }
    if let title { print(title) }
    let limited = all == nil ? table.limited(to: Self.usualRows, keepingLast: sums) : table
    limited.printForPeople(whole: Self.whole)
    if let all, all > table.count {
      Self.say(
        "The newest \(table.count) of \(all) are shown; --limit shows more, and \(Self.whole)")
    } else if limited.count < table.count {
      Self.say(
        "The first \(limited.count - sums) of \(table.count - sums) are shown; \(Self.whole)")
    }
  }

  /// How many rows people are shown where they do not ask for more: a few screens.
  static let usualRows = 100
  private static let whole = "--json and --csv have all."

  /// How many rows to read, by what was asked for; `nil` for all.
  func rows(_ limit: LimitOption) -> Int? {
    limit.limit ?? (isForPeople ? Self.usualRows : nil)
  }

  var isForPeople: Bool { !json && !csv }

  private static func say(_ note: String) {
    print(note.wrapped(to: Terminal.tableWidth ?? .max).joined(separator: "\n"))
  }

  private static func write(_ text: String) {
    FileHandle.standardOutput.write(Data(text.utf8))
  }
}

extension Table {
  /// In the room that there is, and says what had none.
  ///
  /// - Parameter whole: Says what prints all of it.
  func printForPeople(whole: String) {
    let text = text(width: Terminal.tableWidth)
    print(text.lines.joined(separator: "\n"))
    var notes: [String] = []
    if !text.leftOut.isEmpty {
      let columns = text.leftOut.count == 1 ? "1 column" : "\(text.leftOut.count) columns"
      notes.append("\(columns) left out: \(text.leftOut.joined(separator: ", "))")
    }
    if text.isShortened { notes.append("long texts are shortened") }
    guard !notes.isEmpty else { return }
    let note = "(\(notes.joined(separator: "; ")); \(whole.dropLast()))"
    print(note.wrapped(to: Terminal.tableWidth ?? .max).joined(separator: "\n"))
  }
}

enum Terminal {
  /// In columns: as `COLUMNS` says, or the terminal of standard output, 80 if that does not know;
  /// `nil` for a file or another program, which has room.
  static var tableWidth: Int? {
    if let columns = ProcessInfo.processInfo.environment["COLUMNS"].flatMap({ Int($0) }),
      columns > 0
    {
      return columns
    }
    return width(of: STDOUT_FILENO) ?? (isatty(STDOUT_FILENO) == 1 ? 80 : nil)
  }

  /// In columns; `nil` if the file is no terminal, or does not know.
  static func width(of file: Int32) -> Int? {
    var size = winsize()
    guard isatty(file) == 1, ioctl(file, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
      return nil
    }
    return Int(size.ws_col)
  }

  /// Asks, and waits for an answer; nobody answers if there is no terminal.
  static func confirms(_ question: String) -> Bool {
    guard isatty(STDIN_FILENO) == 1 else { return false }
    FileHandle.standardOutput.write(Data("\(question) [y/N] ".utf8))
    return ["y", "yes"].contains(readLine()?.lowercased() ?? "")
  }
}
