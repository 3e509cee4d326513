import ArgumentParser
import Foundation
import Workshop

/// What `aidevbot-workshop@.service` is: nobody types it, so that no help shows it.
struct ServeWorkshopCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve-workshop",
    abstract: "Run what one connection of aidevbot-workshop.socket asks for.",
    shouldDisplay: false)

  func validate() throws {
    var status = stat()
    guard fstat(STDIN_FILENO, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else {
      throw ValidationError("Standard input is no socket; aidevbot-workshop.socket starts this.")
    }
  }

  func run() {
    WorkshopServer(cage: Cage(bubblewrap: "/usr/bin/bwrap")).serve(STDIN_FILENO)
  }
}
