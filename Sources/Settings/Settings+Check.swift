import Assistant
import Metering

extension Settings {
  /// Everything that is missing or malformed for the bot to run, each once.
  package func problems() -> [SettingsError] {
    var problems: [SettingsError] = []
    func check(_ body: () throws -> Void) {
      do {
        try body()
      } catch let error as SettingsError {
        if !problems.contains(error) { problems.append(error) }
      } catch {
        // Nothing else is thrown by a setting.
      }
    }
    for setting in DeclaredSettings.all { check { try setting.check(in: source) } }
    // What no setting knows alone.
    check { _ = try store() }
    check { try checkStandby() }
    var providers: Set<ModelProvider> = []
    for task in TaskType.allCases {
      for model in (try? models(for: task)) ?? []
      where providers.insert(model.provider).inserted {
        check { try checkProvider(of: model, for: task) }
      }
    }
    return problems
  }

  /// What two machines need of each other's settings.
  private func checkStandby() throws {
    guard try self.standbyBucket != nil else { return }
    let declared = Self.declared
    if try self.replicationLitestreamSocket == nil {
      throw SettingsError(
        declared.replicationLitestreamSocket.key,
        "is not set; with standby.bucket, Litestream is needed beside the bot")
    }
    if try self.litestreamAccessKeyID == nil {
      throw SettingsError(
        declared.litestreamAccessKeyID.key, "is not set; standby.bucket is opened with it")
    }
    if try self.litestreamSecretAccessKey == nil {
      throw SettingsError(
        declared.litestreamSecretAccessKey.key, "is not set; standby.bucket is opened with it")
    }
  }
}
