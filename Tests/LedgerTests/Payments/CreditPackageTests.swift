@testable import Ledger
import Testing

@Suite("CreditPackage")
struct CreditPackageTests {
  /// At 0.013 USD a Star, 100 Stars are 1.30 USD; a call that costs as much is charged 195 credits.
  @Test(arguments: [
    ("97.5", "0", 500), ("65", "32.5", 500), ("130", "0", 333), ("195", "0", 0),
    ("195.000001", "0", -1), ("195", "0.2", -2), ("390", "0", -1_000),
  ])
  func saysWhatIsLeftOfTheRevenueOnceAllIsSpent(credits: String, bonus: String, left: Int) throws {
    let package = CreditPackage(
      name: "P", credits: try Credits(parsing: credits), bonus: try Credits(parsing: bonus),
      price: 100)
    let terms = try BillingTerms(creditValueUSD: "0.01", markup: "1.5")
    #expect(
      try package.marginPerMille(usdPerStar: USD(parsing: "0.013"), terms: terms) == left)
  }

  @Test func losesEverythingWhereAStarBringsNothing() throws {
    let terms = try BillingTerms(creditValueUSD: "0.01", markup: "1.5")
    #expect(try CreditPackage.small.marginPerMille(usdPerStar: .zero, terms: terms) < -1_000)
  }

  @Test func refusesATotalBeyondItsRange() {
    let package = CreditPackage(
      name: "P", credits: Credits(micro: .max), bonus: Credits(micro: 1), price: 1)
    #expect(throws: LedgerError.amountTooLarge) { try package.total() }
  }
}
