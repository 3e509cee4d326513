import Assistant
import Foundation
package import Ledger
package import Messaging
import Software
import TelegramBotAPI

extension BuildMessages {
  /// Keeps which message shows how far a build is, and has it show what has happened meanwhile.
  ///
  /// - Returns: Whether that queued something.
  package static func noteProgress(
    _ messageID: Int64, of id: String, outbox: Outbox, in tx: LedgerTransaction
  ) throws -> Bool {
    try tx.builds.setProgressMessage(messageID, of: id)
    guard let build = try tx.builds.find(id), build.state != .running || build.taskIndex > 0,
      // Of an erased account, nothing is told.
      build.place.chatID != 0
    else { return false }
    try BuildMessages(outbox: outbox, offers: []).showProgress(build, nil, in: tx)
    return true
  }
}

/// What there is to see of builds: how far they are, their files, and what they cost.
extension BuildDesk {
  /// How far the open one is; `nil` where none is open.
  package func status(of account: UserAccount, in tx: LedgerTransaction) throws -> Reply? {
    guard let build = try tx.builds.open(ofUser: account.id) else { return nil }
    switch build.state {
    case .running, .pausing, .delivering: return try messages.progress(of: build, nil, in: tx)
    case .paused: return try messages.pauseText(build, shortfall: nil, in: tx)
    case .asking where build.awaitsWords: return BuildMessages.questions(of: build)
    case .asking: return Reply("I am planning \(build.name).")
    default:
      if let cap = build.cap, let quote = build.quote {
        return BuildMessages.restOffer(of: build, quote, agreed: cap)
      }
      return Reply(
        "The plan for \(build.name) is ready and waits for you."
          + (build.quote.map { "\n\n\(BuildMessages.price($0))" } ?? ""),
        buttons: [
          build.state == .quoted
            ? BuildPress(.build, build).button("Build it")
            : BuildPress(.quoteAgain, build).button("Try again"),
          BuildPress(.change, build).button("Change something"),
          BuildPress(.cancel, build).button("Cancel"),
        ])
    }
  }

  /// How many files a list shows; Telegram takes a hundred buttons at most.
  private static let listedFiles = 60

  /// The files of the active project, or one of them.
  ///
  /// - Parameter path: As it is in the list; empty for the list.
  package func files(
    _ path: String, of account: UserAccount, in tx: LedgerTransaction
  ) throws -> (Reply, [Outgoing]) {
    guard let id = account.activeProjectID else {
      return (Reply("No project is active. /projects lists yours."), [])
    }
    let files = try tx.builds.files(ofProject: id)
    guard !files.contents.isEmpty else {
      return (Reply("This project has no files yet. Begin a new one with /new and your idea."), [])
    }
    guard path.isEmpty else {
      guard let wanted = try? ProjectPath(path), let content = files[wanted] else {
        return (Reply("There is no such file in this project. /files lists them."), [])
      }
      return (Reply("Here is \(wanted.text)."), [try document(wanted, content, account)])
    }
    let lines = files.paths.prefix(Self.listedFiles).map { path in
      "• \(path.text) (\(files[path]?.utf8.count ?? 0) bytes)"
    }
    let more = files.paths.count - lines.count
    return (
      Reply(
        "The files of this project:\n" + lines.joined(separator: "\n")
          + (more > 0 ? "\n… and \(more) more." : "") + "\n\nTo get one, send /files and its path.",
        buttons: files.paths.prefix(20).enumerated().map { index, path in
          Button(path.name, command: "files", argument: "\(index):\(id)")
        }), []
    )
  }

  /// A press of a button of that list.
  package func file(
    _ argument: String, of account: UserAccount, in tx: LedgerTransaction
  ) throws -> ButtonResponse {
    let parts = argument.split(separator: ":", maxSplits: 1)
    guard parts.count == 2, let index = Int(parts[0]),
      let project = try tx.projects.find(String(parts[1])), project.userID == account.id
    else { return ButtonResponse(notice: "That is not one of your projects.") }
    let files = try tx.builds.files(ofProject: project.id)
    guard files.paths.indices.contains(index), let content = files[files.paths[index]] else {
      return ButtonResponse(notice: "That file is gone. /files lists those that there are.")
    }
    let path = files.paths[index]
    return ButtonResponse(
      notice: "Here is \(path.name.prefix(100)).", also: [try document(path, content, account)])
  }

  private func document(
    _ path: ProjectPath, _ content: String, _ account: UserAccount
  ) throws -> Outgoing {
    // Telegram takes no empty file.
    let data = Data((content.isEmpty ? "\n" : content).utf8)
    let document = try BotRequest.sendDocument(
      chatID: account.telegramUserID,
      BotRequest.Attachment(fileName: path.name, contentType: "text/plain", data: data))
    return .request(document, chat: account.telegramUserID)
  }

  /// The projects, newest first, each with what it cost.
  package func history(of account: UserAccount, in tx: LedgerTransaction) throws -> Reply {
    let projects = try tx.projects.list(ofUser: account.id, limit: Project.listed)
    guard !projects.isEmpty else {
      return Reply("You have no projects yet. Begin one with /new and your idea.")
    }
    let lines = try projects.map { project in
      let spent = try tx.transactions.spent(onProject: project.id)
      return "• \(project.title): \(project.status.words), \(spent.text) credits"
    }
    return Reply(
      "Your projects, newest first, and what they cost:\n" + lines.joined(separator: "\n"))
  }
}
