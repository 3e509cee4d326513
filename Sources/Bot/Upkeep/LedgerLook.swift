import Foundation
import Ledger
import Logging
import Messaging

/// Proves the ledger beside whatever the bot does: at the start from where the last proof ended,
/// then each hour. A break ends the sale.
struct LedgerLook: PeriodicService {
  static let pause = Duration.seconds(3_600)
  /// Between two slices: others read, and SQLite's log can be emptied.
  static let pauseOfSlices = Duration.milliseconds(10)
  /// After an error of the database.
  private static let patience = Duration.seconds(60)
  /// What is proven before anything is sold: of a small ledger, all.
  private static let slicesAtStart = 3

  let writer: LedgerWriter
  let selling: SellingStatus
  let alerts: OperatorAlerts
  let slices: LedgerProof.Slices
  private var proof: LedgerProof?
  private var proven = 0

  /// - Parameter isBeside: Whether the proof goes on beside the bot, or is whole before it begins.
  /// - Throws: Errors of the database.
  init(
    writer: LedgerWriter, selling: SellingStatus, alerts: OperatorAlerts,
    slices: LedgerProof.Slices = .init(), goesOnBeside isBeside: Bool
  ) throws {
    self.writer = writer
    self.selling = selling
    self.alerts = alerts
    self.slices = slices
    var proof = try writer.read { try LedgerProof(slices, in: $0) }
    // What is known to be broken sells nothing until it is known to be mended.
    let isPatient = !isBeside || proof.hasFoundBreak
    while !proof.isAtEnd, isPatient || proven < Self.slicesAtStart {
      try proveSlice(&proof)
    }
    self.proof = proof.isAtEnd ? nil : proof
  }

  /// One slice.
  mutating func round() async -> Duration {
    do {
      var proof = try self.proof ?? writer.read { try LedgerProof(slices, in: $0) }
      try proveSlice(&proof)
      self.proof = proof.isAtEnd ? nil : proof
    } catch {
      proof = nil
      writer.complain(of: error, doing: "proving the ledger", wait: Self.patience)
      return Self.patience
    }
    guard proof == nil else { return Self.pauseOfSlices }
    if let first = selling.firstBreak { await alerts.raise(brokenLedger: first) }
    return Self.pause
  }

  private mutating func proveSlice(_ proof: inout LedgerProof) throws {
    proof = try writer.read { [proof] tx in
      var proof = proof
      try proof.proveSlice(in: tx)
      return proof
    }
    proven += 1
    if !proof.breaks.isEmpty {
      selling.close(because: LedgerVerification.Report(breaks: proof.breaks))
    }
    guard proof.isWorthKeeping,
      proof.isAtEnd || proven.isMultiple(of: LedgerProof.slicesOfMark)
    else { return }
    proof = try writer.writeAtOnce { [proof] tx in
      var proof = proof
      try proof.keep(in: tx)
      return proof
    }
  }
}
