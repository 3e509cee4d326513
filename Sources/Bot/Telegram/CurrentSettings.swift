import Commands
import LanguageModels
import Synchronization

/// The settings in force, which may change while the bot runs.
final class CurrentSettings: Sendable {
  typealias Observer = @Sendable (BotSettings, LLMClient) -> Void

  private struct State {
    var settings: BotSettings
    var llm: LLMClient
    var observer: Observer?
  }

  private let state: Mutex<State>

  init(_ settings: BotSettings, _ llm: LLMClient) {
    state = Mutex(State(settings: settings, llm: llm))
  }

  var settings: BotSettings { state.withLock { $0.settings } }
  var llm: LLMClient { state.withLock { $0.llm } }

  /// Those who have a say about the bot are named anew by a restart alone.
  func change(to new: BotSettings, _ llm: LLMClient) {
    state.withLock { state in
      let administrators = state.settings.administrators
      state.settings = new
      state.settings.administrators = administrators
      state.llm = llm
      state.observer?(state.settings, llm)
    }
  }

  /// Tells `observer` the settings in force, and each change of them.
  func observe(_ observer: @escaping Observer) {
    state.withLock { state in
      state.observer = observer
      observer(state.settings, state.llm)
    }
  }
}
