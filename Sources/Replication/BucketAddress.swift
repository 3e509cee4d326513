import Foundation

/// Where in which bucket the replica is, as a replica's URL of Litestream's says it:
/// `s3://BUCKET/PREFIX?endpoint=http://HOST:PORT&region=us-east-1&forcePathStyle=true`. Without an
/// endpoint, it is AWS.
package struct BucketAddress: Sendable, Equatable {
  /// It does not repeat what was written: that may hold a secret by mistake.
  package struct Malformed: Error, Equatable, CustomStringConvertible {
    package var description: String

    init(_ description: String) {
      self.description = description
    }
  }

  package let bucket: String
  /// Without slashes around it; may be empty.
  package let prefix: String
  package let region: String
  /// Without a slash at its end.
  package let endpoint: String?

  package init(parsing text: String) throws(BucketAddress.Malformed) {
    let scheme = "s3://"
    guard text.hasPrefix(scheme) else {
      throw Malformed("write s3://BUCKET/PREFIX?region=REGION, and &endpoint=URL if it is not AWS")
    }
    let parts = text.dropFirst(scheme.count).split(
      separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let path = parts[0].split(separator: "/", omittingEmptySubsequences: false)
    bucket = String(path[0])
    guard (3...63).contains(bucket.utf8.count), Self.isPlain(bucket) else {
      throw Malformed(
        "write the bucket's name alone between s3:// and the next slash: 3 to 63 letters, digits, "
          + "dots and hyphens; keys are not a part of it")
    }
    var folders = path.dropFirst()
    if folders.last == "" { folders.removeLast() }
    guard folders.allSatisfy({ Self.isPlain($0) && $0 != "." && $0 != ".." }) else {
      throw Malformed("write the prefix in letters, digits, dots, hyphens and single slashes")
    }
    prefix = folders.joined(separator: "/")
    let options = try Self.options(parts.count > 1 ? parts[1] : "")
    region = options["region"] ?? "us-east-1"
    guard Self.isPlain(region) else {
      throw Malformed("write the region's name, such as region=eu-central-1")
    }
    endpoint = try options["endpoint"].map(Self.endpoint)
    let style = options["forcePathStyle"]
    guard style == nil || style == "true" || (style == "false" && endpoint == nil) else {
      throw Malformed("write forcePathStyle=true: with an endpoint there is no other")
    }
  }

  /// The same bucket and prefix, and `path` below it, as Litestream takes it.
  package func replicaURL(of path: String) -> String {
    var options = ["region=\(region)"]
    if let endpoint { options = ["endpoint=\(endpoint)"] + options + ["forcePathStyle=true"] }
    return "s3://\(bucket)/\(key(path))?\(options.joined(separator: "&"))"
  }

  /// With the prefix.
  func key(_ relative: String) -> String {
    prefix.isEmpty ? relative : "\(prefix)/\(relative)"
  }

  /// Scheme, host and port, and the path of the bucket itself. A name with dots is none that the
  /// certificate of AWS has below its own, so it is in the path.
  var root: (origin: String, path: String) {
    if let endpoint { return (endpoint, "/\(bucket)") }
    return bucket.contains(".")
      ? ("https://s3.\(region).amazonaws.com", "/\(bucket)")
      : ("https://\(bucket).s3.\(region).amazonaws.com", "")
  }
}

// MARK: - Parsing

extension BucketAddress {
  private static func isPlain(_ text: some StringProtocol) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"):
          true
        default: "-._".utf8.contains(byte)
        }
      }
  }

  private static func options(_ query: Substring) throws(Malformed) -> [String: String] {
    var options: [String: String] = [:]
    for option in query.split(separator: "&") {
      let parts = option.split(separator: "=", maxSplits: 1)
      guard parts.count == 2, ["endpoint", "region", "forcePathStyle"].contains(parts[0]),
        let value = parts[1].removingPercentEncoding,
        options.updateValue(value, forKey: String(parts[0])) == nil
      else {
        throw Malformed("after the question mark, write endpoint, region and forcePathStyle alone")
      }
    }
    return options
  }

  private static func endpoint(_ text: String) throws(Malformed) -> String {
    let origin = text.hasSuffix("/") ? String(text.dropLast()) : text
    let pattern = /https?:\/\/([A-Za-z0-9.\-_]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?/
    guard origin.wholeMatch(of: pattern) != nil else {
      throw Malformed("write the endpoint as http://HOST:PORT or https://HOST, without a path")
    }
    return origin
  }
}
