import Foundation
import PackagePlugin

/// Writes which commit is built, and how many there are up to it, into `BuildCommit.swift`, a
/// source of the executable; `Version` makes the version of it.
///
/// The folder of git changes with each commit and each checkout: then the command runs again, and
/// that file alone is compiled anew, if what it says has changed. Nothing is asked of the network.
@main
struct NameCommit: BuildToolPlugin {
  /// Arguments: git's folder, and the file to write. What git does not know is nil: all of it where
  /// there is no git, and the number in a shallow clone, which lacks the commits to count.
  private static let script = """
    ask() { git --git-dir="$0" "$@" 2>/dev/null; }
    output=$1
    hash=$(ask rev-parse --verify HEAD)
    number=
    if [ "$(ask rev-parse --is-shallow-repository)" = false ]; then
      number=$(ask rev-list --count HEAD)
    fi
    quoted=${hash:+\\"$hash\\"}
    text="enum BuildCommit {
      static var hash: String? { ${quoted:-nil} }
      static var number: Int? { ${number:-nil} }
    }"
    if [ "$(cat "$output" 2>/dev/null)" != "$text" ]; then
      printf '%s\\n' "$text" >"$output.new" && mv "$output.new" "$output"
    fi
    """

  func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
    let output = context.pluginWorkDirectoryURL.appending(path: "BuildCommit.swift")
    let git = Self.gitFolder(of: context.package.directoryURL)
    return [
      .buildCommand(
        displayName: "Naming the commit", executable: URL(filePath: "/bin/sh"),
        arguments: ["-c", Self.script, git?.path ?? "/nowhere", output.path],
        inputFiles: git.map { [$0] } ?? [], outputFiles: [output])
    ]
  }

  /// `nil` where these sources are no clone. A repository in a folder above is another's.
  private static func gitFolder(of package: URL) -> URL? {
    let entry = package.appending(path: ".git")
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: entry.path, isDirectory: &isFolder) else {
      return nil
    }
    if isFolder.boolValue { return entry }
    // Of a further work tree: a file that says `gitdir: PATH`.
    guard let text = try? String(contentsOf: entry, encoding: .utf8),
      let path = text.split(separator: "gitdir: ").last?.split(separator: "\n").first
    else { return nil }
    return URL(filePath: String(path), relativeTo: package).absoluteURL
  }
}
