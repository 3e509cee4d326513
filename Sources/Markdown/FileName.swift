/// How the file of a block of code is named: as the fence or the words above it say, if that fits
/// its language, else after the language.
enum FileName {
  /// Telegram cuts what stands before the ending after 60 characters; a number has room as well.
  private static let maximumBytes = 56

  /// - Parameters:
  ///   - info: What stands behind the fence.
  ///   - above: The text right above it.
  static func ofCode(info: String, above: FormattedText) -> String {
    let language = MarkdownFile.language(of: info)?.lowercased()
    let isOpen = language.map(openLanguages.contains) ?? true
    return inInfo(info) ?? inWords(of: above, isOpen ? nil : language)
      ?? language.flatMap { namesOfLanguages[$0] }
      ?? "code.\(language.flatMap { endings[$0]?.first } ?? "txt")"
  }

  /// With a number if one of the files has it: `code-2.js`. Many people's disks know no case.
  static func distinct(_ name: String, from files: [MarkdownFile]) -> String {
    let taken = Set(files.map { $0.name.lowercased() })
    let dot = name.dropFirst().lastIndex(of: ".") ?? name.endIndex
    var (result, number) = (name, 1)
    while taken.contains(result.lowercased()) {
      number += 1
      result = "\(name[..<dot])-\(number)\(name[dot...])"
    }
    return result
  }

  // MARK: - Where it is said

  /// The last of `js`, `src/main.py`, `yaml title="compose.yaml"`, `python:main.py`.
  private static func inInfo(_ info: String) -> String? {
    // What is there alone may be a language with a dot in it.
    names(in: info).last { !info.hasPrefix($0) || standsForAFile($0) }
  }

  /// What is set off as a name, else any; the last of those.
  private static func inWords(of text: FormattedText, _ language: String?) -> String? {
    let units = Array(text.text.utf16)
    let styled = text.styles.map { String(units: units[$0.range]) }
      .filter { !$0.contains(where: \.isWhitespace) }
    let quoted = text.text.split(whereSeparator: \.isWhitespace)
      .map { $0.trimmed { ".,:;()".contains($0) } }
      .filter { isQuote($0.first) && isQuote($0.last) }.map(String.init)
    let setOff = (styled + quoted).flatMap { names(in: $0) }
    return setOff.last { fits($0, language, isSetOff: true) }
      ?? names(in: text.text).last { fits($0, language, isSetOff: false) }
  }

  private static func isQuote(_ character: Character?) -> Bool {
    character.map { "\"'`“”„«»‘’".contains($0) } ?? false
  }

  private static func fits(_ name: String, _ language: String?, isSetOff: Bool) -> Bool {
    let ending = ending(of: name)
    guard let language else {
      return standsForAFile(name) || isSetOff && !domainEndings.contains(ending)
    }
    if ending == language { return true }
    // Models write such a file as a shell's, but say its name.
    if isSetOff, name.hasPrefix("."), shells.contains(language) { return true }
    if let special = specialName(of: name), specialNames[special]?.contains(language) == true {
      return true
    }
    // `object.property` has an ending as well.
    guard let own = endings[language] else { return standsForAFile(name) }
    return own.contains(ending)
  }

  private static func standsForAFile(_ name: String) -> Bool {
    specialName(of: name) != nil || knownEndings.contains(ending(of: name))
  }

  private static func ending(of name: String) -> String {
    name.split(separator: ".").last.map { $0.lowercased() } ?? ""
  }

  // MARK: - What a name looks like

  /// Those of files, without their folders. Nothing of an address is one.
  private static func names(in text: String) -> [String] {
    text.split(whereSeparator: \.isWhitespace)
      .filter { !$0.contains("://") && !$0.contains("@") && !$0.contains("www.") }
      .flatMap { word in
        word.split { ($0.isPunctuation || $0.isSymbol) && !"._-/\\".contains($0) }
      }
      .compactMap { name(atEndOf: $0) }
  }

  private static func name(atEndOf path: Substring) -> String? {
    let parts = path.split(omittingEmptySubsequences: false) { $0 == "/" || $0 == "\\" }
    // `example.com/a.js`
    if parts.count > 1, let first = parts.first, first.dropFirst().contains("."), first != ".." {
      return nil
    }
    guard let last = parts.last else { return nil }
    let name = String(last.trimmed(atStart: false) { $0 == "." })
    if parts.count == 1, technologies.contains(name.lowercased()) { return nil }
    return isName(name) ? name : nil
  }

  /// Safe everywhere.
  private static func isName(_ name: String) -> Bool {
    guard 1...maximumBytes ~= name.utf8.count,
      name.utf8.allSatisfy({ $0.isLetter || $0.isDigit || "._-".utf8.contains($0) })
    else { return false }
    if specialName(of: name) != nil { return true }
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count >= 2, let ending = parts.last, let first = name.utf8.first else {
      return false
    }
    return first != UInt8(ascii: "-") && parts.allSatisfy { !$0.isEmpty }
      && 1...12 ~= ending.utf8.count && ending.utf8.contains(where: \.isLetter)
  }

  /// `.env` of `.env` and of `.env.local`.
  private static func specialName(of name: String) -> String? {
    if specialNames[name] != nil { return name }
    guard let dot = name.dropFirst().lastIndex(of: "."), name.last != "." else { return nil }
    let stem = String(name[..<dot])
    return specialNames[stem] == nil ? nil : stem
  }
}

extension Substring {
  fileprivate func trimmed(
    atStart: Bool = true, _ isLeftOut: (Character) -> Bool
  ) -> Substring {
    var rest = atStart ? drop(while: isLeftOut) : self
    while let last = rest.last, isLeftOut(last) { rest.removeLast() }
    return rest
  }
}

// MARK: - Tables

extension FileName {
  /// What says nothing about a language.
  private static let openLanguages: Set<String> = ["text", "txt", "plain", "plaintext", "code"]

  /// By language, the usual one first.
  private static let endings: [String: [String]] = {
    let languages: [([String], [String])] = [
      (["swift"], ["swift"]), (["python", "py", "python3"], ["py", "pyi", "pyw"]),
      (["javascript", "js", "node", "nodejs", "node.js"], ["js", "mjs", "cjs", "jsx", "vue"]),
      (["jsx"], ["jsx", "js", "tsx"]), (["typescript", "ts"], ["ts", "tsx", "mts", "cts", "vue"]),
      (["tsx"], ["tsx", "ts", "jsx"]), (["bash", "sh", "shell", "zsh"], ["sh", "bash", "zsh"]),
      (["c"], ["c", "h"]), (["cpp", "c++"], ["cpp", "cc", "cxx", "hpp", "hh", "h", "ino"]),
      (["csharp", "c#", "cs"], ["cs", "csx"]), (["java"], ["java"]),
      (["kotlin", "kt"], ["kt", "kts"]), (["go", "golang"], ["go"]), (["rust", "rs"], ["rs"]),
      (["ruby", "rb"], ["rb", "ru", "gemspec", "rake", "podspec"]), (["php"], ["php"]),
      (["html"], ["html", "htm", "vue", "svelte", "ejs", "hbs"]), (["css"], ["css"]),
      (["scss", "sass"], ["scss", "sass"]), (["yaml", "yml"], ["yaml", "yml"]),
      (["toml"], ["toml", "cfg", "lock"]),
      (["json", "jsonc", "json5"], ["json", "jsonc", "json5"]),
      (["xml"], ["xml", "svg", "plist", "xsd", "xsl", "csproj", "storyboard", "xaml"]),
      (["svg"], ["svg"]), (["sql"], ["sql"]), (["markdown", "md"], ["md", "mdx", "markdown"]),
      (["r"], ["r", "rmd"]), (["lua"], ["lua"]), (["perl", "pl"], ["pl", "pm"]),
      (["dart"], ["dart"]), (["scala"], ["scala", "sc", "sbt"]), (["haskell", "hs"], ["hs"]),
      (["diff", "patch"], ["diff", "patch"]), (["powershell", "ps1"], ["ps1", "psm1", "psd1"]),
      (["batch", "bat", "cmd"], ["bat", "cmd"]), (["latex", "tex"], ["tex", "sty", "cls", "bib"]),
      (["csv"], ["csv"]), (["ini"], ["ini", "cfg", "conf", "service", "toml"]),
      (["groovy"], ["groovy", "gradle"]), (["elixir"], ["ex", "exs"]),
      (["objectivec", "objc"], ["m", "mm", "h"]), (["proto", "protobuf"], ["proto"]),
      (["graphql"], ["graphql", "gql"]), (["terraform", "hcl"], ["tf", "hcl", "tfvars"]),
      (["vue"], ["vue"]), (["svelte"], ["svelte"]), (["dockerfile", "docker"], ["dockerfile"]),
      (["makefile", "make"], ["mk", "mak"]), (["cmake"], ["cmake", "txt"]), (["env"], ["env"]),
    ]
    var endings: [String: [String]] = [:]
    for (names, own) in languages { for name in names { endings[name] = own } }
    return endings
  }()

  /// Of any kind of file.
  private static let knownEndings = Set(endings.values.joined()).union([
    "txt", "log", "tsv", "properties", "nginx", "rst", "adoc", "zig", "nim", "jl", "clj", "erl",
    "fs", "vb", "asm", "s", "sol", "prisma", "ipynb", "mod", "sum", "timer", "socket", "desktop",
    "xcconfig", "entitlements", "jinja", "j2", "tpl", "less", "styl", "pug", "twig", "vim", "el",
  ])

  /// Files without an ending, each with the languages that its text may be said to be in.
  private static let specialNames: [String: Set<String>] = {
    let (ruby, json): (Set<String>, Set<String>) = (["ruby", "rb"], ["json", "jsonc", "yaml"])
    return [
      "Makefile": ["makefile", "make"], "Justfile": ["just", "makefile", "make"],
      "Dockerfile": ["dockerfile", "docker"], "Containerfile": ["dockerfile", "docker"],
      "Procfile": ["yaml"], "Gemfile": ruby, "Rakefile": ruby, "Podfile": ruby, "Fastfile": ruby,
      "Vagrantfile": ruby, "Brewfile": ruby, "Jenkinsfile": ["groovy"], "Caddyfile": ["caddy"],
      ".env": ["env", "dotenv", "ini", "properties"], ".gitignore": ["gitignore", "ignore"],
      ".gitattributes": ["gitattributes"], ".dockerignore": ["dockerignore", "gitignore"],
      ".gitconfig": ["ini", "toml"], ".editorconfig": ["editorconfig", "ini"],
      ".npmrc": ["ini"], ".nvmrc": [], ".bashrc": shells, ".bash_profile": shells, ".zshrc": shells,
      ".profile": shells, ".vimrc": ["vim", "viml"], ".htaccess": ["apache", "apacheconf"],
      ".prettierrc": json, ".eslintrc": json.union(["js", "javascript"]), ".babelrc": json,
      ".swift-format": json, ".swiftlint": json, ".clang-format": ["yaml", "yml"],
    ]
  }()

  private static let shells: Set<String> = ["bash", "sh", "shell", "zsh"]

  /// Of a file that nobody has named.
  private static let namesOfLanguages = [
    "makefile": "Makefile", "make": "Makefile", "dockerfile": "Dockerfile",
    "docker": "Dockerfile", "env": ".env", "dotenv": ".env", "gitignore": ".gitignore",
    "dockerignore": ".dockerignore", "editorconfig": ".editorconfig",
  ]

  /// They are named as files are, and are none unless in a folder.
  private static let technologies: Set<String> = [
    "node.js", "vue.js", "react.js", "next.js", "nuxt.js", "express.js", "angular.js", "nest.js",
    "ember.js", "backbone.js", "alpine.js", "three.js", "d3.js", "p5.js", "chart.js", "discord.js",
    "electron.js", "moment.js", "solid.js", "pixi.js", "phaser.js", "babylon.js", "matter.js",
    "tensorflow.js", "discord.py", "web.py", "socket.io", "asp.net", "vb.net", "ml.net", "ado.net",
  ]

  private static let domainEndings: Set<String> = [
    "com", "org", "net", "io", "dev", "ai", "app", "co", "edu", "gov", "info",
  ]
}
