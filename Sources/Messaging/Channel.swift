/// Where updates come from and replies go to. Both may use one file at once, and neither touches
/// the other's rows.
package enum Channel: String, Sendable {
  case telegram
  /// A conversation in the terminal. Its update ids are negative.
  case console
}
