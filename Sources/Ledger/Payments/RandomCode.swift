/// Names that nobody guesses: five bits a character, from the system's random numbers, of an
/// alphabet in which no two characters look alike (Crockford's base 32).
package enum RandomCode {
  private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ")

  package static func make(characters count: Int) -> String {
    String((0..<count).map { _ in alphabet[Int.random(in: alphabet.indices)] })
  }
}
