import Foundation
import Glibc
import Synchronization

/// A disk that fails when a test says so, for the databases of processes that are started with
/// `environment`. `FaultyDisk.c` is the other side, inside those processes.
final class FaultyDisk: Sendable {
  enum Fault: Int, CaseIterable, Sendable {
    case full = 1
    case failsToWrite
    case failsToRead
    /// Another process holds the write lock.
    case busy

    /// Whether the text tells an operator what is wrong.
    func isNamed(in text: String) -> Bool {
      let words =
        switch self {
        case .full: ["the disk is full", "fails or is full", "the disk's space", "No space left"]
        case .failsToWrite: ["the disk fails", "the disk's space", "Input/output error"]
        case .failsToRead: ["the disk fails", "the disk cannot be read"]
        case .busy: ["another program keeps it locked"]
        }
      return words.contains { text.contains($0) }
    }
  }

  /// As `struct control` in `FaultyDisk.c`.
  private struct Control: ~Copyable {
    let fault = Atomic(0)
    let first = Atomic(0)
    let last = Atomic(0)
    let seen = Atomic(0)
    let failed = Atomic(0)
  }

  let environment: [String: String?]
  /// Shared with those processes; whatever is in it is atomic.
  private nonisolated(unsafe) let control: UnsafeMutablePointer<Control>

  init(in folder: URL) throws {
    let path = folder.appendingPathComponent("faults").path
    let library = try World.built("libFaultyDisk.so").path
    environment = ["LD_PRELOAD": library, "FAULTY_DISK": path]
    let file = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
    defer { close(file) }
    let size = MemoryLayout<Control>.size
    guard file >= 0, ftruncate(file, size) == 0,
      let memory = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0),
      memory != MAP_FAILED
    else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    control = memory.bindMemory(to: Control.self, capacity: 1)
  }

  deinit {
    munmap(control, MemoryLayout<Control>.size)
  }

  /// The operations of those numbers will fail; 1 is the next one that the fault concerns.
  func fail(_ numbers: ClosedRange<Int>, with fault: Fault) {
    fail(numbers, withValue: fault.rawValue)
  }

  private func fail(_ numbers: ClosedRange<Int>, withValue fault: Int) {
    mend()
    control.pointee.first.store(numbers.lowerBound, ordering: .relaxed)
    control.pointee.last.store(numbers.upperBound, ordering: .relaxed)
    control.pointee.seen.store(0, ordering: .relaxed)
    control.pointee.failed.store(0, ordering: .relaxed)
    control.pointee.fault.store(fault, ordering: .sequentiallyConsistent)
  }

  /// The writing operation of that number does not end until the disk is mended.
  func stall(at number: Int) {
    fail(number...number, withValue: Self.stalls)
  }

  private static let stalls = 5

  func mend() {
    control.pointee.fault.store(0, ordering: .sequentiallyConsistent)
  }

  /// How many operations the fault concerned since `fail`.
  var operations: Int { control.pointee.seen.load(ordering: .relaxed) }
  /// How many of them failed.
  var failures: Int { control.pointee.failed.load(ordering: .relaxed) }
}
