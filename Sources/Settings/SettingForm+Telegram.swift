import Foundation

extension SettingForm<String> {
  /// As `baseURL`, without what the client adds: `/bot`, the token, and the method.
  static var telegramBaseURL: Self {
    Self { texts, key throws(SettingsError) in
      let text = try SettingForm.baseURL().read(texts, key)
      let components = URL(string: text)?.path.split(separator: "/") ?? []
      // Elsewhere than at Telegram's own address, a proxy may have a path, even one called /bot.
      let isTelegrams = URL(string: text)?.host?.lowercased() == "api.telegram.org"
      let hasToken = components.contains { $0.starts(with: /bot[0-9]+:/) }
      guard !hasToken, !isTelegrams || components.isEmpty else {
        throw SettingsError(
          key, "must be the address alone, such as \(key.example): /bot and the token are added")
      }
      return text
    }
  }
}
