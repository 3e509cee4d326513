import Foundation
import Glibc
import TestSupport

/// Where a machine is: in a network namespace of its own, where root can make one, or beside this
/// program. Either way it reaches nothing but its lines.
struct Network: Sendable {
  /// At which its lines listen.
  let address: String
  /// What a program is started by, to be in there.
  let entry: [String]
  private let device: String?

  /// - Parameters:
  ///   - number: 0 or 1.
  ///   - isolated: Whether it is a namespace.
  init(number: Int, isolated: Bool) throws {
    guard isolated else {
      (address, entry, device) = ("127.0.0.1", [], nil)
      return
    }
    let own = "aidev\(getpid())-\(number)"
    let net = "10.\(100 + number).\(getpid() / 250 % 250).\(getpid() % 60 * 4)"
    let parts = net.split(separator: ".")
    let prefix = parts.dropLast().joined(separator: ".")
    let last = Int(parts[3]) ?? 0
    let (here, there) = ("\(prefix).\(last + 1)", "\(prefix).\(last + 2)")
    let outside = "ad\(getpid())o\(number)"
    let inside = "ad\(getpid())i\(number)"
    for command in [
      "netns add \(own)", "link add \(outside) type veth peer name \(inside)",
      "link set \(inside) netns \(own)", "addr add \(here)/30 dev \(outside)",
      "link set \(outside) up", "-n \(own) addr add \(there)/30 dev \(inside)",
      "-n \(own) link set \(inside) up", "-n \(own) link set lo up",
    ] {
      try Self.run("/usr/sbin/ip", command.split(separator: " ").map(String.init))
    }
    (address, device) = (here, outside)
    entry = ["/usr/sbin/ip", "netns", "exec", own]
  }

  var isIsolated: Bool { device != nil }

  /// As if its cable were pulled: nothing gets through, and nobody is told so.
  func set(connected: Bool) throws {
    guard let device else { return }
    try Self.run("/usr/sbin/ip", ["link", "set", device, connected ? "up" : "down"])
  }

  func remove() throws {
    guard let device else { return }
    // The other end goes with it.
    try Self.run("/usr/sbin/ip", ["link", "del", device])
    try Self.run("/usr/sbin/ip", ["netns", "del", entry[3]])
  }

  static func run(_ program: String, _ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw SpawnedProcess.Failed(
        what: ([program] + arguments).joined(separator: " "), code: process.terminationStatus)
    }
  }
}
