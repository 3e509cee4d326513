import Foundation
import Installation
import Settings
import Workshop

extension Doctor {
  /// Tries to get out of the cage in which what models write is run.
  func workshopChecks() async -> [Check] {
    guard let socket = try? settings.workshopSocket else { return [] }  // Said of the settings.
    let kind = WorkshopKind.find(socket: socket)
    let next = nextForWorkshop(kind)
    if case .none(let reason) = kind {
      return [
        Check(
          "workshop", socket == WorkshopKind.off ? .note : .warning,
          "what models write cannot be run: \(reason)", next: next)
      ]
    }
    let languages: [String]
    do throws(WorkshopError) {
      languages = try await Workshop.live(socket: socket, patience: Self.deadline).languages()
    } catch {
      return [Check("workshop", .failed, "\(error)", next: next)]
    }
    let found = await withTaskGroup(of: (Int, String?).self, returning: [String].self) { group in
      for (place, escape) in Escape.all.enumerated() {
        group.addTask { (place, await Self.finding(escape, kind)) }
      }
      var found: [(Int, String)] = []
      for await case (let place, let words?) in group { found.append((place, words)) }
      return found.sorted { $0.0 < $1.0 }.map(\.1)
    }
    guard found.isEmpty else {
      return [
        Check("workshop", .failed, "does not hold: \(found.joined(separator: "; "))", next: next)
      ]
    }
    let names = Escape.all.map(\.name).joined(separator: ", ")
    return [
      Check(
        "workshop", .ok, "\(words(for: kind)), with \(languages.joined(separator: ", "))"),
      Check("workshop", .ok, "refuses every way out that was tried: \(names)"),
    ]
  }

  private static func finding(_ escape: Escape, _ kind: WorkshopKind) async -> String? {
    do throws(WorkshopError) {
      return try await escape.attempt(in: kind).map { "\(escape.name) (\($0))" }
    } catch {
      return "\(escape.name) (not tried: \(error))"
    }
  }

  private func words(for kind: WorkshopKind) -> String {
    switch kind {
    case .service: "the service's"
    case .bubblewrap: "bubblewrap's, which bounds the memory of each process and not of all"
    case .none(let reason): reason
    }
  }

  private func nextForWorkshop(_ kind: WorkshopKind) -> String? {
    switch kind {
    case .service: "journalctl -u 'aidevbot-workshop@*' -n 20"
    case .bubblewrap: nil
    case .none:
      installation.isPackaged
        ? "sudo systemctl enable --now aidevbot-workshop.socket" : "sudo apt install bubblewrap"
    }
  }
}
