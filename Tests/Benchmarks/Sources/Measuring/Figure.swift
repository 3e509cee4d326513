package import Foundation

/// Something that was measured.
package struct Figure: Codable, Sendable {
  /// What is tolerated of it. A ratio is one to the floor of that name.
  package enum Bound: Codable, Sendable {
    case atMost(Double)
    case atLeast(Double)
    case atMostTimes(Double, floor: String)
    case atLeastTimes(Double, floor: String)
    /// It is a floor itself, or belongs to another figure.
    case none
  }

  package var name: String
  package var value: Double
  package var unit: String
  package var bound: Bound

  package init(_ name: String, _ value: Double, _ unit: String, _ bound: Bound = .none) {
    self.name = name
    self.value = value
    self.unit = unit
    self.bound = bound
  }

  /// Where the environment names a file, figures are added to it, each a line of JSON.
  package static let variable = "BENCHMARK_FIGURES"

  /// Prints it, and adds it to the file that the suite reads.
  package func report() throws {
    print("\(name): \(Self.shown(value)) \(unit)\(bound.shown.map { " (bound: \($0))" } ?? "")")
    guard let path = ProcessInfo.processInfo.environment[Self.variable] else { return }
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    try file.seekToEnd()
    try file.write(contentsOf: JSONEncoder().encode(self) + Data("\n".utf8))
    try file.close()
  }

  /// Those of such a file, in order.
  package static func all(in file: URL) throws -> [Figure] {
    try Data(contentsOf: file).split(separator: UInt8(ascii: "\n")).map {
      try JSONDecoder().decode(Figure.self, from: $0)
    }
  }

  /// With three digits that tell something.
  package static func shown(_ value: Double) -> String {
    let decimals =
      switch abs(value) {
      case 100...: 0
      case 10...: 1
      case 1...: 2
      default: 3
      }
    return String(format: "%.\(decimals)f", value)
  }
}

extension Figure.Bound {
  package var floor: String? {
    switch self {
    case .atMostTimes(_, let floor), .atLeastTimes(_, let floor): floor
    case .atMost, .atLeast, .none: nil
    }
  }

  package var shown: String? {
    switch self {
    case .atMost(let most): "≤ \(Self.short(most))"
    case .atLeast(let least): "≥ \(Self.short(least))"
    case .atMostTimes(let most, _): "≤ \(Self.short(most)) × floor"
    case .atLeastTimes(let least, _): "≥ \(Self.short(least)) × floor"
    case .none: nil
    }
  }

  private static func short(_ value: Double) -> String { String(format: "%g", value) }

  /// - Parameter ratio: Of the value to its floor.
  package func isKept(by value: Double, ratio: Double?) -> Bool {
    switch self {
    case .atMost(let most): value <= most
    case .atLeast(let least): value >= least
    case .atMostTimes(let most, _): ratio.map { $0 <= most } ?? false
    case .atLeastTimes(let least, _): ratio.map { $0 >= least } ?? false
    case .none: true
    }
  }
}
