import Foundation
import Glibc

func send(_ bytes: [UInt8], to descriptor: Int32) {
  _ = bytes.withUnsafeBytes {
    Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
  }
}

/// The same without holding a thread of the pool.
func received(from descriptor: Int32) async -> [UInt8] {
  await withCheckedContinuation { continuation in
    Thread { continuation.resume(returning: receiveAll(from: descriptor)) }.start()
  }
}

/// Until the other side ends.
func receiveAll(from descriptor: Int32) -> [UInt8] {
  var all: [UInt8] = []
  var part = [UInt8](repeating: 0, count: 65_536)
  while true {
    let count = recv(descriptor, &part, part.count, 0)
    guard count > 0 else { return all }
    all += part[..<count]
  }
}
