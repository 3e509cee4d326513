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
    var providers: Set<ModelProvider> = []
    for task in TaskType.allCases {
      for model in (try? models(for: task)) ?? []
      where providers.insert(model.provider).inserted {
        check { try checkProvider(of: model, for: task) }
      }
    }
    return problems
  }
}
