/// What is for sale in a walk.
struct Offer: Equatable {
  /// In micro-credits.
  var credits: Int64
  var bonus: Int64
  var stars: Int64

  /// The last one is absurd: it brings balances to the end of their range.
  static let all = [
    Offer(credits: 100_000_000, bonus: 0, stars: 50),
    Offer(credits: 500_000_000, bonus: 50_000_000, stars: 250),
    Offer(credits: .max / 2, bonus: 1, stars: 10_000),
  ]
}
