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
  func show(
    _ table: Table, json value: @autoclosure () throws -> some Encodable, empty: String,
    title: String? = nil
  ) throws {
    if json { return try printJSON(try value()) }
    if csv { return Self.write(CSV.text(table.csvRows)) }
    guard !table.isEmpty else { return print(empty) }
    if let title { print(title) }
    print(table.text(width: Terminal.width(of: STDOUT_FILENO)))
  }

  private static func write(_ text: String) {
    FileHandle.standardOutput.write(Data(text.utf8))
  }
}

enum Terminal {
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
