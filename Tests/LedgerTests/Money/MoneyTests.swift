@testable import Ledger
import Testing

@Suite("Money")
struct MoneyTests {
  @Test(arguments: [
    ("0.30", "0.3"), ("12", "12"), ("7.1e-05", "0.000071"), ("7e-05", "0.00007"), ("1E2", "100"),
    ("0", "0"), ("0.000000000000000000000001", "0.000000000000000000000001"),
    ("8.33333333333333E-8", "0.0000000833333333333333"), ("-0.5", "-0.5"), ("+1.50", "1.5"),
  ])
  func readsDecimalTextExactly(text: String, exact: String) throws {
    #expect(try USD(parsing: text).description == exact)
  }

  @Test(arguments: [
    "", ".", "1.", ".5", "1,5", "0x10", "NaN", "inf", "1e", "1e9999", "1 ", "--1", "１", "1e-25",
    "1_000", String(repeating: "1", count: 200),
  ])
  func refusesWhatIsNoDecimal(text: String) {
    #expect(throws: LedgerError.self) { try USD(parsing: text) }
  }

  @Test func refusesWhatWouldOverflow() throws {
    #expect(throws: LedgerError.amountTooLarge) { try USD(parsing: "1e15") }
    let dollar = try USD(parsing: "100000000000000")
    #expect(throws: LedgerError.amountTooLarge) { try dollar.times(.max) }
    #expect(throws: LedgerError.amountTooLarge) { try dollar + dollar }
    let terms = try BillingTerms(creditValueUSD: "0.01", markup: "1.5")
    #expect(throws: LedgerError.amountTooLarge) { try terms.charge(for: dollar) }
  }

  @Test func roundsAReportedCostUpBeyondThe24thDecimal() throws {
    let cost = try USD(reported: "1.2345678901234567e-09")
    #expect(cost.description == "0.000000001234567890123457")
    #expect(throws: LedgerError.malformedAmount("-0.1")) { try USD(reported: "-0.1") }
    #expect(throws: LedgerError.malformedAmount("1e9")) { try USD(reported: "1e9") }
  }

  @Test(arguments: [
    ("0.00155", 1_550_000), ("0.0000000005", 1), ("0.00000000049", 0), ("0.0000000015", 2),
    ("0", 0),
  ])
  func storesACostHalfUpInNanoDollars(text: String, nanoDollars: Int64) throws {
    #expect(try USD(parsing: text).nanoDollars() == NanoDollars(nanoDollars))
  }

  @Test(
    arguments: [
      (0, "0.00"), (4_999_999, "0.004999999"), (-5_000_000, "-0.005"), (1_230_000_000, "1.23"),
      (.max, "9223372036.854775807"), (.min, "-9223372036.854775808"),
    ] as [(Int64, String)])
  func showsNanoDollarsExactly(count: Int64, text: String) {
    #expect(NanoDollars(count).description == text)
  }

  @Test(arguments: [
    ("0.00155", "0.01", "1.5", "0.2325"), ("0", "0.01", "1.5", "0"),
    // One micro-credit is 6⅔ nano-dollars: the charge is rounded up, once.
    ("0.000000006", "0.01", "1.5", "0.000001"), ("0.000000007", "0.01", "1.5", "0.000002"),
    ("0.000000000000000000000001", "0.01", "1.5", "0.000001"),
    ("1", "0.01", "1", "100"), ("1", "0.0125", "2", "160"), ("3", "7", "1", "0.428572"),
    // Cost × markup takes more than 128 bits here, the charge does not.
    ("1000000", "0.007", "1.234567891", "176366841.571429"),
  ])
  func chargesTheCeilingInMicroCredits(
    cost: String, creditValue: String, markup: String, charge: String
  ) throws {
    let terms = try BillingTerms(creditValueUSD: creditValue, markup: markup)
    #expect(try terms.charge(for: USD(parsing: cost)).description == charge)
  }

  @Test func findsTheRealCostThatCreditsPayFor() throws {
    let terms = try BillingTerms(creditValueUSD: "0.01", markup: "1.5")
    #expect(try terms.cost(coveredBy: Credits(micro: 232_500)).description == "0.00155")
    #expect(
      try terms.cost(coveredBy: Credits(micro: 1)).description == "0.000000006666666666666666")
    #expect(try terms.cost(coveredBy: .zero) == .zero)
    #expect(throws: LedgerError.amountTooLarge) {
      try terms.cost(coveredBy: Credits(micro: -1))
    }
    let dear = try BillingTerms(creditValueUSD: "1000000", markup: "0.000000001")
    #expect(throws: LedgerError.amountTooLarge) {
      try dear.cost(coveredBy: Credits(micro: .max))
    }
    #expect(throws: LedgerError.amountTooLarge) {
      try dear.cost(coveredBy: Credits(micro: 1_000_000))
    }
  }

  @Test func chargesNothingAtAMarkupOfZero() throws {
    let free = try BillingTerms(creditValueUSD: "0.01", markup: "0")
    #expect(free.chargesNothing && free.chargesLessThanCosts)
    #expect(try free.charge(for: USD(parsing: "1000000")) == .zero)
    #expect(throws: LedgerError.amountTooLarge) { try free.cost(coveredBy: .zero) }
  }

  @Test(arguments: [("0", "1.5"), ("-0.01", "1.5"), ("0.01", "-1"), ("x", "1.5"), ("0.01", "1e7")])
  func refusesTermsThatMakeNoSense(creditValue: String, markup: String) {
    #expect(throws: LedgerError.self) {
      try BillingTerms(creditValueUSD: creditValue, markup: markup)
    }
  }

  @Test(
    arguments: [
      (99_767_500, "99.7675", "+99.7675"), (-232_500, "-0.2325", "−0.2325"),
      (1, "0.000001", "+0.000001"),
      (3_500, "0.0035", "+0.0035"), (10_000, "0.01", "+0.01"), (0, "0.00", "+0.00"),
      (100_000_000, "100.00", "+100.00"), (99_553_500, "99.5535", "+99.5535"),
      (.min, "-9223372036854.775808", "−9223372036854.775808"),
    ] as [(Int64, String, String)])
  func showsCreditsExactlyWithTwoDecimalsOrMore(micro: Int64, text: String, movement: String) {
    let credits = Credits(micro: micro)
    #expect(credits.text == text)
    #expect(credits.movementText == movement)
  }

  @Test func readsCreditsToTheMicroCredit() throws {
    #expect(try Credits(parsing: "-2.5").micro == -2_500_000)
    #expect(throws: LedgerError.self) { try Credits(parsing: "0.0000001") }
    #expect(throws: LedgerError.self) { try Credits(parsing: "9999999999999") }
    #expect(throws: LedgerError.amountTooLarge) {
      try Credits(micro: .max).adding(Credits(micro: 1))
    }
  }
}
