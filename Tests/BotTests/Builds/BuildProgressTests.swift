import Bot
@testable import Builds
import Foundation
import TestSupport
import Testing

/// What Telegram shows of a build.
@Suite("Progress of builds") struct BuildProgressTests {
  @Test func isOneMessageThatEndsWithAllThatIsDone() async throws {
    let rig = try BuildRig()
    let telegram = try DeliveringRig(rig.bot)
    try await rig.plan()
    await telegram.send()
    try await rig.press("Build it")
    await telegram.send()
    let texts = telegram.fake.state.value.messages.map(\.text)
    let progress = texts.filter { $0.hasPrefix("Building “Greeter”") }
    #expect(progress.count == 1, "\(texts)")
    #expect(progress.first?.contains("✅ Greet\n✅ Test it\n") == true, "\(progress)")
    #expect(progress.first?.hasSuffix("Done.") == true, "\(progress)")
    #expect(try rig.build().progressMessageID != nil)
  }
}
