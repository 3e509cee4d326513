import Dispatch
import Foundation
import Testing

/// A run walks some seeds that stay and some that are new; one at a time, to leave other tests a
/// processor.
@Suite("The auditor of the ledger", .serialized)
struct AuditorTests {
  /// The only seed to walk, where a walk is to be repeated.
  private static let replayed: UInt64? = ProcessInfo.processInfo.environment["AUDIT_SEED"].map {
    guard let seed = UInt64($0) else { preconditionFailure("AUDIT_SEED=\($0) is no seed") }
    return seed
  }

  @Test(.enabled(if: replayed == nil)) func agreesWithTheModelWhereverTheRulesLead() async throws {
    var endings: Set<String> = []
    for seed in 10...15 { endings.formUnion(try await Self.walk(seed: UInt64(seed))) }
    #expect(Self.endings.subtracting(endings) == [], "the walks have become too tame")
  }

  @Test(arguments: replayed.map { [$0] } ?? (1...5).map { _ in .random(in: 0...(.max)) })
  func agreesWithTheModelWhereNoWalkHasBeen(seed: UInt64) async throws {
    _ = try await Self.walk(seed: seed)
  }

  /// All of `ledger verify` after each step, over small files.
  @Test(arguments: UInt64(1)...3) func holdsAfterEachStep(seed: UInt64) async throws {
    _ = try await Self.walk(seed: seed, 225, operationsPerVerification: 1)
  }

  /// On a thread of its own: those of the tests are for what is soon done.
  private static func walk(
    seed: UInt64, _ operations: Int = 2_000, operationsPerVerification: Int = 250
  ) async throws -> Set<String> {
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue(label: "aidevbot.walk").async {
        continuation.resume(
          with: Result {
            var walk = try LedgerWalk(
              seed: seed, operationsPerVerification: operationsPerVerification)
            try walk.run(operations)
            return walk.endings
          })
      }
    }
  }

  /// What the walks must come by.
  private static let endings: Set = [
    "record: journal ",
    "record: journal again ", "record: refused, no account ", "record: refused, short by ",
    "record: refused, too large", "record: refused, used before: key",
    "refund: gave back ", "refund: gave back again ", "refund: nothing", "register: account ",
    "setPrice: closed", "setPrice: nothing to close", "setPrice: price ",
    "setPrice: refused, unusable price", "setTerms: set",
    "settle: capped at ", "settle: charged ", "settle: refused, not pending: upd",
    "settle: refused, too large", "take: held for ", "take: refused, no account ",
    "take: refused, no active price", "take: refused, short by ", "take: refused, too large",
    "stop: capped at ", "stop: charged ", "stop: refused, not pending: upd",
    "lookUp: gave back ", "lookUp: not known yet", "lookUp: nothing to correct",
    "lookUp: refused, too large",
    "take: shrunk to ", "void: refused, not pending: upd", "void: voided", "voidOverdue: [\"upd",

    "order: new order ", "order: old order ", "pay: credited ", "pay: credited anew ",
    "pay: known payment ", "pay: set aside: it names no order of ours",
    "pay: set aside: it cannot be credited: the amount is too large to be real",
    "pay: set aside: it was made in another currency than Stars",
    "pay: set aside: its order costs ", "pay: set aside: its order was made for another person",
    "requestRefund: new refund ", "requestRefund: forced refund ", "requestRefund: old refund ",
    "requestRefund: refused, call under way", "requestRefund: refused, spent ",
    "requestRefund: refused, unknown payment", "endRefund: done", "endRefund: given again",
    "endRefund: no news", "refundedOutside: done as we asked: refund ",
    "refundedOutside: done elsewhere: refund ", "refundedOutside: no news",
    "refundedOutside: refused, unknown payment", "makeCode: made", "makeCode: refused, taken",
    "redeem: not valid", "redeem: redeemed ", "redeem: refused, no account ",
    "redeem: returning", "redeem: too many failures", "redeem: used before",
    "invite: invited by ", "invite: invited by nobody", "invite: refused, no account ",
    "thank: nobody", "thank: thanked both", "block: set",
    "thank: thanked the newcomer alone, the inviter is blocked",
    "thank: thanked the newcomer alone, the inviter is gone",
    "thank: thanked the newcomer alone, who has spent too little",
    "thank: thanked the inviter alone",
    "erase: erased, forfeits ", "erase: gone before", "erase: refused, call under way",
  ]
}
