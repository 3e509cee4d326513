import Foundation

extension String {
  /// For one segment of a URL's path or one value of its query: all but the unreserved characters
  /// of RFC 3986 is escaped.
  var percentEncoded: String {
    let unreserved = CharacterSet(
      charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")
    // `nil` stands for text that UTF-8 cannot express, which Swift's strings never hold.
    return addingPercentEncoding(withAllowedCharacters: unreserved) ?? ""
  }
}
