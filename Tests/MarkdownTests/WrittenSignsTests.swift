import Markdown
import Testing

/// What a model writes and means as it stands, and what it means as emphasis.
@Suite("Signs that are no emphasis, and emphasis without spaces")
struct WrittenSignsTests {
  private static func shown(_ source: String) -> FormattedText {
    RenderedMarkdown(source, limits: MessageLimits(units: 4_096, styles: 100)).messages.first
      ?? FormattedText("")
  }

  @Test(arguments: [
    "It takes 5~10 minutes, at most 20~30.", "需要3~5天，大约10~20元",
    "~/.bashrc, ~/.profile and ~user: 5~10", "~5 to ~10",
  ])
  func keepsSingleTildes(source: String) {
    #expect(Self.shown(source) == FormattedText(source))
  }

  @Test func strikesOutBetweenTwoTildes() {
    let shown = Self.shown("~~5~6~~ and ~7, 8~ (~~`x`~~) ~~\u{4E0D}。~~次")
    #expect(shown.text == "5~6 and ~7, 8~ (x) 不。次")
    #expect(shown.covered == ["strikethrough: 5~6", "code: x", "strikethrough: 不。"])
  }

  @Test(arguments: [
    "https://docs.python.org/3/library/__main__.html", "http://a.b/pkg/__init__.py?x=*y*&z=_1_",
    "https://a.b/_b_/*foo*/~user/x~", "https://a.b/~~c~~/**d**/__E F__", "ftp://a.b/_c_, *",
    "(https://a.b/_c_d_) and [https://a.b/_c_]", "https://a.b/__init__", "https://a.b/$x^2$/_y_",
    "docs.python.org/3/library/__main__.html", "src/_internal/_x_/a.py",
    "<T> in Vec<T>, https://a.b/_(c)_(d)_",
  ])
  func keepsAddressesAsTheyAre(source: String) {
    let text = source.replacing("__E F__", with: "__E F")
    #expect(Self.shown(text) == FormattedText(text))
  }

  @Test(arguments: [
    ("**https://a.b/_c_**", "https://a.b/_c_", ["bold: https://a.b/_c_"]),
    (
      "**See https://a.b/c.** *d*", "See https://a.b/c. d",
      ["bold: See https://a.b/c.", "italic: d"]
    ),
    (
      "_https://a.b/c_, ~~https://d~~", "https://a.b/c, https://d",
      ["italic: https://a.b/c", "strikethrough: https://d"]
    ),
    ("https://a.b/c，**重要**", "https://a.b/c，重要", ["bold: 重要"]),
    ("**https://a.b/**次", "https://a.b/次", ["bold: https://a.b/"]),
    (
      "**[x](https://a.b/__c__)** *y*", "x y",
      ["link(url: \"https://a.b/__c__\"): x", "bold: x", "italic: y"]
    ),
    ("[https://a.b/_c_](https://a.b/_c_)", "https://a.b/_c_", []),
    ("<https://a.b/__x__> *y*", "https://a.b/__x__ y", ["italic: y"]),
    ("`https://a.b/_x_` *y*", "https://a.b/_x_ y", ["code: https://a.b/_x_", "italic: y"]),
  ])
  func leavesEmphasisAroundAddresses(source: String, text: String, styles: [String]) {
    #expect(Self.shown(source).text == text)
    #expect(Self.shown(source).covered == styles)
  }

  @Test(arguments: [
    "2*3*4 = 24 and a*b*c", "2*π*r*h, r²*h*2", "5 * 3 * 2 and 5*3 * 2*1",
    "(a+b)*(c+d)*(e+f), x*(y)*(z)*(w), (a)*b*c", "x**2 + y**2 = z**2, a**n + b**n",
    "(a)**(b) + (c)**(d), (x)**2 + (y)**2", "*args, **kwargs", "def f(*args, **kwargs)",
    "src/*.py and test/*.py", "src/**/*.py and test/**/*.py", "/*comment*/ and /* another */",
    "(*) is required, and (*) too", "\"*\" and \"*\"; (_) and (_)",
  ])
  func keepsStarsThatAreNoEmphasis(source: String) {
    #expect(Self.shown(source) == FormattedText(source))
  }

  @Test(arguments: [
    ("**bold**text, *un*believable", "boldtext, unbelievable", ["bold: bold", "italic: un"]),
    (
      "talk**ed** and **un**believ**able**", "talked and unbelievable",
      ["bold: ed", "bold: un", "bold: able"]
    ),
    (
      "*he*/*she*, (*i*) and (*\"x\"*)", "he/she, (i) and (\"x\")",
      ["italic: he", "italic: she", "italic: i", "italic: \"x\""]
    ),
    ("**Total: 2*3*4**", "Total: 2*3*4", ["bold: Total: 2*3*4"]),
    ("这是*重要*的", "这是重要的", ["italic: 重要"]),
  ])
  func takesEmphasisWithinWords(source: String, text: String, styles: [String]) {
    #expect(Self.shown(source).text == text)
    #expect(Self.shown(source).covered == styles)
  }

  @Test(arguments: [
    "snake_case_name and _private", "__init__ and __main__.py", "obj.__dict__, __class_getitem__()",
    "pkg/__init__.py (__all__)", "$HOME/$USER, <T>, Vec<T>, a < b > c",
  ])
  func keepsNames(source: String) {
    #expect(Self.shown(source) == FormattedText(source))
  }

  @Test func takesWordsBetweenUnderscores() {
    #expect(
      Self.shown("__Note__, __two words__, _one_, **__init__**").covered
        == ["bold: Note", "bold: two words", "italic: one", "bold: __init__"])
  }

  @Test(arguments: [
    ("**重要。**次", ["重要。"]), ("**注意（重要）**内容", ["注意（重要）"]),
    ("**「重要」**は必要です。これは**「重要」**です", ["「重要」", "「重要」"]),
    ("他说**“你好”**。然后**“再见”**了", ["“你好”", "“再见”"]),
    ("**Key:**value and **Other:**more", ["Key:", "Other:"]),
    ("这是**（一）**和**《二》**，**三！**四", ["（一）", "《二》", "三！"]),
    ("参数**-f**和**#a**在", ["-f", "#a"]), ("**kwargs: see (**bold**), “**x**”", ["bold", "x"]),
    ("これは**重要**です。**次**", ["重要", "次"]), ("- **a\n- b。**c **d**", ["d"]),
  ])
  func needsNoSpacesAroundEmphasis(source: String, bold: [String]) {
    let shown = Self.shown(source)
    #expect(shown.covered == bold.map { "bold: \($0)" })
    #expect(shown.text.unicodeScalars.allSatisfy { $0 == "\n" || $0.value >= 0x20 })
  }

  @Test func needsNoSpacesAroundCodeThatIsStressed() {
    let shown = Self.shown("**`foo`**s, 使用**`bar`**函数, *重要。*次")
    #expect(shown.text == "foos, 使用bar函数, 重要。次")
    #expect(shown.covered == ["code: foo", "code: bar", "italic: 重要。"])
  }

  @Test(arguments: ["```", "~~~"], ["- ", "> ", "1. a\n   ", "> - "])
  func touchesNoCode(fence: String, above: String) {
    let code = "a*b*c 5~6 __init__ x<br>y **「a」**b $x^2$"
    let prefix =
      above == "> - "
      ? ">   "
      : above.last == "\n"
        ? ""
        : String(
          above.split(separator: "\n").last?.map { $0 == ">" ? ">" : " " } ?? [])
    let open = "\(above)\(fence)py\n\(prefix)\(code)"
    for source in [open, "\(open)\n\(prefix)\(fence)\n"] {
      let shown = Self.shown(source)
      #expect(shown.covered.last == "preformatted(language: Optional(\"py\")): \(code)")
    }
    let below = Self.shown("\(open)\n\(prefix)\(fence)\n\n5~6 *x*")
    #expect(below.text.hasSuffix("5~6 x"))
  }

  @Test func breaksLinesWhereHTMLDoes() {
    #expect(
      Self.shown("One<br>two<br/>three<BR />four</br>five<br>\nsix").text
        == "One\ntwo\nthree\nfour\nfive\nsix")
    #expect(Self.shown("- a<br>**b**<br>c\n- d").text == "• a\n  b\n  c\n• d")
    #expect(Self.shown("`<br>` \\<br> <b>x</b> <brr>").text == "<br> <br> <b>x</b> <brr>")
    #expect(RichMarkdown("- a<br>b").blocks == RichMarkdown("- a\n  b").blocks)
    #expect(RichMarkdown("a<br>b").blocks == [.paragraph(FormattedText("a\nb"))])
  }
}
