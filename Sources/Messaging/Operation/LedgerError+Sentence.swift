import Installation
package import Ledger
import Metering

extension LedgerError {
  /// The fact and, if there is something to type about it, what: for an operator or a person to
  /// read, without a full stop.
  package var sentence: String {
    switch self {
    case .noActivePrice(let model):
      "\(self); set one with: "
        + "\(Installation.current.program) pricing set \(model.provider) \(model.name) "
        + "--input USD --output USD"
    case .makesImages: "\(self); set a model that answers in text"
    case .unknownUser: "\(self); they open an account by sending /start to the bot"
    case .unknownCode: "\(self); aidevbot codes list names them all"
    default: description
    }
  }
}
