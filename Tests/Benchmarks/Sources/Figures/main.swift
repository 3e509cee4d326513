import Foundation
import Load
import TestSupport

// What commands, a start, idling and the shell take on databases of different sizes, side by side.
// A copy of each is used.

let arguments = Array(CommandLine.arguments.dropFirst())
guard arguments.count >= 2 else {
  print("usage: Figures EXECUTABLE DATABASE…")
  exit(64)
}

var tables: [[Figure]] = []
for database in arguments.dropFirst() {
  tables.append(try await Measurement(executable: arguments[0], database: database).figures())
}
let names = arguments.dropFirst().map { URL(fileURLWithPath: $0).lastPathComponent }
print(row(["", ""] + names))
for (index, figure) in (tables.first ?? []).enumerated() {
  let values = tables.map { $0[index].value }
  print(row([figure.name, figure.unit] + values.map { String(format: "%.1f", $0) }))
}

func row(_ cells: [String]) -> String {
  cells.enumerated().map { index, cell in
    let gap = String(repeating: " ", count: max(1, (index == 0 ? 34 : 16) - cell.count))
    return index == 0 ? cell + gap : gap + cell
  }.joined()
}
