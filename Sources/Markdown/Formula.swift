/// LaTeX as models write it, in Unicode where that is simple.
enum Formula {
  private static let symbols: [String: String] = [
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "varepsilon": "ε",
    "zeta": "ζ", "eta": "η", "theta": "θ", "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ",
    "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ", "phi": "φ",
    "varphi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω", "Gamma": "Γ", "Delta": "Δ",
    "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ", "Phi": "Φ", "Psi": "Ψ",
    "Omega": "Ω", "times": "×", "cdot": "·", "div": "÷", "pm": "±", "mp": "∓", "le": "≤",
    "leq": "≤", "ge": "≥", "geq": "≥", "ne": "≠", "neq": "≠", "approx": "≈", "equiv": "≡",
    "sim": "∼", "propto": "∝", "infty": "∞", "partial": "∂", "nabla": "∇", "sum": "∑",
    "prod": "∏", "int": "∫", "in": "∈", "notin": "∉", "subset": "⊂", "subseteq": "⊆",
    "cup": "∪", "cap": "∩", "emptyset": "∅", "forall": "∀", "exists": "∃", "neg": "¬",
    "land": "∧", "lor": "∨", "to": "→", "rightarrow": "→", "leftarrow": "←", "Rightarrow": "⇒",
    "implies": "⇒", "iff": "⇔", "Leftrightarrow": "⇔", "ldots": "…", "cdots": "⋯", "dots": "…",
    "degree": "°", "circ": "∘", "angle": "∠", "perp": "⊥", "log": "log", "ln": "ln",
    "sin": "sin", "cos": "cos", "tan": "tan", "exp": "exp", "min": "min", "max": "max",
    "lim": "lim", "quad": " ", "qquad": "  ", "left": "", "right": "", "%": "%", "$": "$",
    "{": "{", "}": "}", "_": "_", "&": "&", "#": "#", ",": " ", ";": " ", ":": " ", "!": "",
    " ": " ",
  ]
  private static let plainText: Set<String> = [
    "text", "mathrm", "mathbf", "mathit", "operatorname",
  ]
  private static let raised = Dictionary(
    uniqueKeysWithValues: zip(
      "0123456789+-=()nixyabcdefghjklmoprstuvwz", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱˣʸᵃᵇᶜᵈᵉᶠᵍʰʲᵏˡᵐᵒᵖʳˢᵗᵘᵛʷᶻ"))
  private static let lowered = Dictionary(
    uniqueKeysWithValues: zip(
      "0123456789+-=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ"))
  /// Longer ones are read more easily as they were written.
  private static let maximumLength = 400
  /// Deeper ones as well; so reading one needs no deep stack.
  private static let maximumDepth = 4

  /// `nil` for what is not simple.
  static func unicode(_ source: String) -> String? {
    guard source.utf8.count <= maximumLength else { return nil }
    var rest = Substring(source)
    guard let text = read(&rest, until: nil, depth: 0), !text.trimmedOfBlanks.isEmpty
    else { return nil }
    return text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }

  private static func read(_ rest: inout Substring, until end: Character?, depth: Int) -> String? {
    guard depth <= maximumDepth else { return nil }
    var text = ""
    while let next = rest.popFirst() {
      if next == end { return text }
      switch next {
      case "\\":
        guard let part = command(&rest, depth: depth) else { return nil }
        text += part
      case "^", "_":
        guard let part = argument(&rest, depth: depth) else { return nil }
        let letters = next == "^" ? raised : lowered
        let small = part.compactMap { letters[$0] }
        guard small.count == part.count, !part.isEmpty else { return nil }
        text += String(small)
      case "{":
        guard let part = read(&rest, until: "}", depth: depth + 1) else { return nil }
        text += part
      case "}", "&", "~": return nil
      default: text.append(next)
      }
    }
    return end == nil ? text : nil
  }

  /// In braces, or the next character.
  private static func argument(_ rest: inout Substring, depth: Int) -> String? {
    guard let next = rest.popFirst() else { return nil }
    switch next {
    case "{": return read(&rest, until: "}", depth: depth + 1)
    case "\\": return command(&rest, depth: depth)
    case "^", "_", "}": return nil
    default: return String(next)
    }
  }

  private static func command(_ rest: inout Substring, depth: Int) -> String? {
    var name = String(rest.prefix { $0.isASCII && $0.isLetter })
    if name.isEmpty { name = String(rest.prefix(1)) }
    rest = rest.dropFirst(name.count)
    if let symbol = symbols[name] {
      if rest.first == " ", name.first?.isLetter == true, symbol.isEmpty { rest.removeFirst() }
      return symbol
    }
    if plainText.contains(name) { return argument(&rest, depth: depth + 1) }
    switch name {
    case "frac", "dfrac", "tfrac":
      guard let above = argument(&rest, depth: depth + 1),
        let below = argument(&rest, depth: depth + 1)
      else { return nil }
      return "\(inBrackets(above))/\(inBrackets(below))"
    case "sqrt":
      guard rest.first != "[", let inner = argument(&rest, depth: depth + 1) else { return nil }
      return "√\(inBrackets(inner))"
    default: return nil
    }
  }

  private static func inBrackets(_ text: String) -> String {
    text.allSatisfy { $0.isLetter || $0.isNumber || $0 == "." } ? text : "(\(text))"
  }
}
