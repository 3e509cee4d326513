/// One thing that happens to a ledger, in plain numbers and text: the real ledger and the model
/// each make of it what their rules say.
enum Operation {
  case register(person: Int64, grant: Int64)
  case record(Entry)
  /// Without prices, the model is taken off sale.
  case setPrice(model: Int, Prices?)
  case take(Request)
  case settle(hold: String, Call)
  /// A stopped answer: what it has probably used, and what it has used at least.
  case stop(hold: String, Call, least: Call)
  case void(hold: String, Loss)
  case voidOverdue
  /// What the provider tells of a call later; without a call, that it does not know it yet.
  case lookUp(usage: Int, Call?)
  case refund(work: String)
  /// An offer that is asked for.
  case order(user: Int, package: Int)
  case pay(Payment)
  case requestRefund(charge: Int, isForced: Bool)
  /// What Telegram says to a refund of ours.
  case endRefund(Int, isDone: Bool)
  /// Telegram tells that a payment was refunded.
  case refundedOutside(charge: Int)
  case makeCode(Int, credits: Int64, uses: Int, lifetime: Int)
  case redeem(code: Int, user: Int)
  case invite(newcomer: Int, by: Int)
  case thank(newcomer: Int, credits: Int64, isSelling: Bool)
  case block(user: Int, Bool)
  case erase(user: Int)
  /// A restart with other settings.
  case setTerms(Terms)

  struct Entry: Equatable {
    var user: Int
    /// As the journal has it.
    var kind: String
    var amount: Int64
    var key: String
  }

  struct Payment {
    /// The number of a charge, and the row of the order that its invoice names.
    var charge: Int
    var order: Int
    var payer: Int64
    var currency: String
    var stars: Int64
    /// Whether it is read in Telegram's list, not told by an update.
    var isListed: Bool
  }

  struct Prices {
    var base: Tier
    var longPrompt: Tier?
    /// In tokens.
    var threshold = Int.max
    var reasoning: Figure?
    var imageRead: Figure?
    var imageMade: Figure?

    struct Tier {
      var input: Figure
      var output: Figure
      var cached: Figure?
      var written: Figure?
    }

    var areUsable: Bool {
      [base, longPrompt].allSatisfy { tier in
        [tier?.input, tier?.output, tier?.cached, tier?.written].allSatisfy {
          $0?.isAmount != false
        }
      } && [reasoning, imageRead, imageMade].allSatisfy { $0?.isAmount != false }
        && threshold >= 0
    }
  }

  struct Request {
    var user: Int
    var model: Int
    /// The row of a price that was the active one when the work began; `nil` for the one now.
    var version: Int?
    var work: String
    var bound: Int
    var estimate: Int
    var cap: Int
    /// In milliseconds.
    var lifetime: Int
    /// In nano-dollars.
    var lossBound: Int64?
  }

  struct Call {
    var input: Int
    var cached = 0
    var written = 0
    var output: Int
    var reasoning = 0
    var images = 0
    var reported: Figure?
    var isEstimate = false
    /// Whether the provider told an id, by which it can be asked.
    var hasID = false
  }

  enum Loss {
    case none
    case metered(Call)
    case estimated
  }
}

/// What one token, one image or one call costs, as it is typed or sent and as it is to be taken.
struct Figure: CustomStringConvertible {
  /// In US dollars; for tokens, a million of them.
  var text: String
  /// In 10⁻²⁴ US dollars.
  var units: UInt128 = 0
  /// Whether the text is to be taken for an amount at all.
  var isAmount = true

  var description: String { "\"\(text)\"" }
}

/// In the order of what it is worth.
extension Figure: Comparable {
  static func == (left: Figure, right: Figure) -> Bool { left.units == right.units }
  static func < (left: Figure, right: Figure) -> Bool { left.units < right.units }
}

/// What a credit is worth and what is added, as text and in 10⁻⁹.
struct Terms {
  var creditValue: (text: String, billionths: UInt128)
  var markup: (text: String, billionths: UInt128)
}

/// Why a ledger changed nothing.
struct Refusal: Error {
  var reason: String

  static let tooLarge = Refusal(reason: "too large")
  static let lossBound = Refusal(reason: "loss bound passed")

  static func short(by amount: Int128) -> Refusal {
    amount > Int64.max ? .tooLarge : Refusal(reason: "short by \(amount)")
  }
}

extension Operation.Call {
  /// A negative count is none, and a part is no more than its whole.
  var normalised: Operation.Call {
    var call = self
    call.input = max(0, input)
    call.cached = min(max(0, cached), call.input)
    call.written = min(max(0, written), call.input - call.cached)
    call.output = max(0, output)
    call.reasoning = min(max(0, reasoning), call.output)
    call.images = max(0, images)
    return call
  }

  var counts: String {
    "\(isEstimate ? "perhaps" : "metered") \(input) in, \(cached) cached, \(written) written, "
      + "\(output) out, \(reasoning) thought, \(images) images"
  }
}

extension UInt128 {
  /// From 10⁻²⁴ US dollars.
  var dollars: String {
    let unit: UInt128 = 1_000_000_000_000_000_000_000_000
    var fraction = String(String(self % unit + unit).dropFirst())
    while fraction.last == "0" { fraction.removeLast() }
    return "\(self / unit)" + (fraction.isEmpty ? "" : ".\(fraction)")
  }
}
