import Assistant
import Messaging

/// What is said where no command answers.
extension UpdateHandler {
  /// Nobody else in a group is to learn of a block.
  static func blocked(_ sender: Address) -> Reply {
    sender.isPrivate
      ? Reply(
        "Your account is blocked. What you own stays yours; please send /paysupport and your "
          + "question.")
      : ModelOrchestrator.notInGroup
  }

  static let edited = Reply(
    "I answer messages as they were first sent. If you meant another question, please "
      + "send it as a new message.")

  static let apology = Reply(
    "Something went wrong on my side with this message. I have noted it for my operator, and it "
      + "cost you nothing.")

  static let paymentSetApart = Reply(
    "I have been told of a payment from you, but something went wrong on my side. My operator has "
      + "been told and is looking into it; nothing is lost. /paysupport takes your questions.")

  static func noAccount(_ sender: Address) -> Reply {
    sender.isPrivate
      ? Reply("Please send me /start first: it opens your account.") : ModelOrchestrator.notInGroup
  }
}
