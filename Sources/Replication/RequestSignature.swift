package import Foundation
package import HTTPTransport

/// Signature Version 4 of a request to S3, in its headers
/// (docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html). Made here, as libcurl's
/// depends on its version: that of Debian 12 does not tell the body's hash, which AWS wants.
package struct RequestSignature: Sendable {
  package var region: String
  package var accessKeyID: String
  package var secretAccessKey: String

  package init(region: String, accessKeyID: String, secretAccessKey: String) {
    self.region = region
    self.accessKeyID = accessKeyID
    self.secretAccessKey = secretAccessKey
  }

  /// The headers that the request is to have, `Authorization` among them.
  ///
  /// - Parameters:
  ///   - path: As it stands in the request line, each byte escaped but the unreserved ones and "/".
  ///   - query: Likewise, its parameters in the order of their names; "=" follows every name.
  ///   - headers: All of these are signed; `Host` has to be one of them.
  package func signed(
    _ method: HTTPRequest.Method, path: String, query: String,
    headers: [(name: String, value: String)], body: Data, at time: Date
  ) -> [(name: String, value: String)] {
    let form = Date.ISO8601FormatStyle(dateSeparator: .omitted, timeSeparator: .omitted)
    let stamp = time.formatted(form)
    let hash = SHA256.digest(of: body).hexadecimal
    let headers = headers + [("X-Amz-Content-Sha256", hash), ("X-Amz-Date", stamp)]
    let canonical = headers.map { header in
      (header.name.lowercased(), header.value.trimmingCharacters(in: .whitespaces))
    }.sorted { $0.0 < $1.0 }
    let names = canonical.map(\.0).joined(separator: ";")
    let request =
      [method.rawValue, path, query] + canonical.map { "\($0.0):\($0.1)" } + ["", names, hash]
    let scope = "\(stamp.prefix(8))/\(region)/s3/aws4_request"
    let digest = SHA256.digest(of: request.joined(separator: "\n").utf8).hexadecimal
    let signature = signature(
      of: ["AWS4-HMAC-SHA256", stamp, scope, digest].joined(separator: "\n"), scope: scope)
    let authorization =
      "AWS4-HMAC-SHA256 Credential=\(accessKeyID)/\(scope), SignedHeaders=\(names), "
      + "Signature=\(signature)"
    return headers + [("Authorization", authorization)]
  }

  private func signature(of text: String, scope: String) -> String {
    let key = scope.split(separator: "/").reduce(Data("AWS4\(secretAccessKey)".utf8)) { key, part in
      SHA256.authenticationCode(of: part.utf8, key: key)
    }
    return SHA256.authenticationCode(of: text.utf8, key: key).hexadecimal
  }
}
