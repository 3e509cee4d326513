package import Assistant
package import LanguageModels
package import Metering

extension Settings {
  /// The models that are set, or else the default one: by the keys alone, until
  /// `chooseDefaultModels` has looked at prices. The first works for whoever has chosen none.
  package func models(for task: TaskType) throws -> [ModelID] {
    try Self.setting(for: task).value(in: source)
      ?? [defaultModels[task] ?? defaultModel(for: task) { _ in true }]
  }

  package func models() throws -> ModelAssignment {
    ModelAssignment(
      Dictionary(
        uniqueKeysWithValues: try TaskType.allCases.map { ($0, try models(for: $0)) }))
  }

  /// Chooses the models of the work for which none is set: of each list the first whose provider
  /// is set up and that can be sold. It counts for as long as the bot runs, whatever becomes of
  /// keys and prices.
  package mutating func chooseDefaultModels(isSold: (ModelID) -> Bool) {
    for task in TaskType.allCases {
      defaultModels[task] = defaultModel(for: task, isSold: isSold)
    }
  }

  /// Takes those that were chosen at the start.
  package mutating func takeDefaultModels(of started: Settings) {
    defaultModels = started.defaultModels
  }

  private func defaultModel(for task: TaskType, isSold: (ModelID) -> Bool) -> ModelID {
    task.defaultModel(canCall: isSetUp, isSold: isSold)
  }

  /// The work for which no model is set.
  package var tasksWithoutModel: [TaskType] {
    TaskType.allCases.filter { (try? Self.setting(for: $0).value(in: source)) == .some(nil) }
  }

  package static func setting(for task: TaskType) -> Setting<[ModelID]?> {
    switch task {
    case .chat: declared.modelsChat
    case .planning: declared.modelsPlanning
    case .coding: declared.modelsCoding
    case .verification: declared.modelsVerification
    }
  }
}

// MARK: - Providers

extension Settings {
  /// The provider's keys, to be used in turn; none if none is set.
  package func keys(of provider: Provider) throws -> [String] {
    try Self.declared.settings(of: provider).keys.value(in: source)
  }

  /// `nil` if the provider has no address of its own and none is set.
  package func baseURL(of provider: Provider) throws -> String? {
    try Self.declared.settings(of: provider).baseURL.value(in: source)
  }

  /// Whether it has a sound key, if it needs one, and an address.
  private func isSetUp(_ id: ModelProvider) -> Bool {
    guard let provider = Provider.with(id), let keys = try? keys(of: provider),
      let baseURL = try? baseURL(of: provider)
    else { return false }
    return !baseURL.isEmpty && !(provider.needsKey && keys.isEmpty)
  }

  /// How to do without those that have default models, if there is another one.
  private static var withoutThem: String {
    let defaults = Set(defaultProviders.map(\.id))
    guard let own = Provider.all.first(where: { !defaults.contains($0.id) }) else { return "" }
    let address = declared.settings(of: own).baseURL.key.environmentName
    return "To use only your own server, set \(address) and all of MODELS_*"
  }

  private func isMalformed(_ provider: Provider) -> Bool {
    (try? (keys(of: provider), baseURL(of: provider))) == nil
  }

  /// - Throws: `SettingsError` if the provider of a model in use is not set up.
  package func checkProviders(of models: ModelAssignment) throws {
    for task in TaskType.allCases {
      for model in models.offered(for: task) { try checkProvider(of: model, for: task) }
    }
  }

  /// - Throws: `SettingsError` if the model's provider is not set up.
  func checkProvider(of model: ModelID, for task: TaskType) throws {
    guard let provider = Provider.with(model.provider) else { return }
    let settings = Self.declared.settings(of: provider)
    let names = try models(for: task).count == 1 ? "is" : "names"
    let use = "is not set, but \(Self.setting(for: task).key.environmentName) \(names) \(model)"
    if try provider.needsKey && keys(of: provider).isEmpty {
      if tasksWithoutModel.contains(task) {
        // What is malformed is said where it stands; then nothing is missing.
        guard !Self.defaultProviders.contains(where: isMalformed) else { return }
        try checkThatAnyIsSetUp()
      }
      throw SettingsError(
        settings.keys.key, "\(use); set the key, or choose a model of another provider")
    }
    if try baseURL(of: provider) == nil {
      throw SettingsError(
        settings.baseURL.key, "\(use); set the address, or choose a model of another provider")
    }
  }

  /// Those that have default models.
  private static let defaultProviders: [Provider] = {
    let ids = Set(TaskType.allCases.flatMap(\.defaultModels).map(\.provider))
    return Provider.all.filter { ids.contains($0.id) }
  }()

  private func checkThatAnyIsSetUp() throws {
    let providers = Self.defaultProviders
    guard let first = providers.first, !providers.contains(where: { isSetUp($0.id) }) else {
      return
    }
    let others = providers.dropFirst().map { " and \($0.essentialSetting)" }.joined()
    throw SettingsError(
      Self.declared.settings(of: first).keys.key,
      "\(others.isEmpty ? "is" : "\(others.dropFirst()) are") not set; one key is enough to "
        + "start. \(Self.withoutThem)")
  }
}
