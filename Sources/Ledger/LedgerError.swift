package import Metering

/// What the ledger refuses. Each case says who can do something about it.
package enum LedgerError: Error, Sendable, Equatable {
  /// Text that is no exact decimal of the expected form; whoever typed or sent it corrects it.
  case malformedAmount(String)
  /// Arithmetic would leave its range: the figures are absurd, and nothing was written.
  case amountTooLarge
  /// A grant or a code is of more than `Credits.maximumGift`; whoever typed it corrects it.
  case tooMuchGiven
  /// The model has no active price, so it is never called; the operator sets one.
  case noActivePrice(ModelID)
  /// A price that makes its model unsellable; the operator sets another.
  case unusablePrice(ModelID, reason: String)
  /// The model answers with images, which nobody would get to see; the operator sets another model.
  case makesImages(ModelID)
  /// The user has too few credits; `shortfall` more would do.
  case insufficientCredits(shortfall: Credits)
  /// The build has a cap, and with this call it could pass it: `shortfall` more room would do. It
  /// pauses with what is done.
  case capReached(shortfall: Credits)
  /// The house has borne what it bears of the person's calls in a day, or would with this one; they
  /// come back tomorrow, or ask for something smaller.
  case lossBoundPassed
  /// No such user has ever written to the bot.
  case unknownUser(telegramUserID: Int64)
  /// No account of that row id: a mistake in our code.
  case unknownAccount(id: Int64)
  /// The person has no build of that id: a mistake in our code.
  case unknownBuild(id: String)
  /// A hold that is settled or voided is finished for good: the caller comes too late.
  case holdNotPending(id: String)
  /// The key was used before, for something else: a mistake in the code that chose it.
  case idempotencyKeyReused(String)
  /// No payment with that charge id was ever booked; whoever typed it looks again.
  case unknownPayment(chargeID: String)
  /// Of the credits that the payment brought, so many are spent: the refund has to be forced.
  case creditsSpent(Credits, of: Credits)
  /// A call or a refund of the person is under way, and what it comes to is not known yet: try
  /// again in a minute.
  case callUnderWay
  /// The payer's data are erased: their id on Telegram has to be given.
  case payerErased
  /// There is a promotion code of that name; whoever makes one chooses another.
  case codeTaken(String)
  /// There is no promotion code of that name; whoever typed it looks at the list.
  case unknownCode(String)
}

extension LedgerError: CustomStringConvertible {
  /// The fact alone: what can be typed about it, the shell and the chat know.
  package var description: String {
    switch self {
    case .malformedAmount(let text):
      "\"\(text.prefix(40))\" is not a decimal number of the expected form or size, such as 0.30"
    case .amountTooLarge:
      "the amount is too large to be real"
    case .tooMuchGiven:
      "at most \(Credits.maximumGift) credits can be given at once"
    case .noActivePrice(let model):
      "\(model) has no active price"
    case .unusablePrice(let model, let reason):
      "the price of \(model) cannot be used: \(reason)"
    case .makesImages(let model):
      "\(model) makes images, which the bot cannot deliver, so it is not for sale"
    case .insufficientCredits(let shortfall):
      "too few credits: \(shortfall.text) more are needed"
    case .capReached(let shortfall):
      "the build is at its cap: the next call could pass it by \(shortfall.text) credits"
    case .lossBoundPassed:
      "the house bears no more of this person's calls today"
    case .unknownUser(let id):
      "user \(id) is not known"
    case .unknownAccount(let id):
      "there is no account number \(id)"
    case .unknownBuild(let id):
      "there is no build \(id.prefix(64))"
    case .holdNotPending(let id):
      "hold \(id) is already settled or voided"
    case .idempotencyKeyReused(let key):
      "the key \(key) already names a different entry"
    case .unknownPayment(let chargeID):
      "no payment has the charge id \(chargeID.prefix(200)); it is in the payer's receipt"
    case .creditsSpent(let spent, let all):
      "\(spent.text) of its \(all.text) credits are spent; a forced refund gives back "
        + "all the Stars, and the house bears the rest"
    case .callUnderWay:
      "a request of this person is under way; try again in a minute"
    case .payerErased:
      "the payer has erased their data; give their Telegram user id as well"
    case .codeTaken(let code):
      "there is a promotion code \(code) already; choose another"
    case .unknownCode(let code):
      "there is no promotion code \(code.prefix(64).debugDescription)"
    }
  }
}
