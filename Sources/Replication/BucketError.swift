/// Why a bucket has not done what it was asked for. No case carries a key or a secret.
package enum BucketError: Error, Equatable, CustomStringConvertible {
  /// Nothing came, or not all: whether a write was done is not known.
  case unreachable(reason: String)
  /// `code` is S3's own, if it said one.
  case refused(status: Int, code: String?)
  /// The object is not what the condition said; somebody else has written it. After a write that
  /// seemed to fail, that may have been the write itself.
  case conditionFailed
  /// `what` is no answer of S3's.
  case malformed(what: String)
  /// A prefix has more objects than are listed.
  case tooManyObjects(limit: Int)
  /// It wrote although the condition was not met.
  case ignoresConditions

  package var description: String {
    switch self {
    case .unreachable(let reason):
      "the bucket does not answer (\(reason)); see the network, and the endpoint in standby.bucket"
    case .refused(let status, let code):
      "the bucket refuses (status \(status)\(code.map { ", \($0)" } ?? "")); "
        + Self.advice(status, code)
    case .conditionFailed:
      "somebody else has written the object meanwhile; look at it before writing again"
    case .malformed(let what):
      "what answers for the bucket does not speak S3 (\(what)); see the endpoint in standby.bucket"
    case .tooManyObjects(let limit):
      "the prefix has more than \(limit) objects; give the bot a prefix of its own in "
        + "standby.bucket"
    case .ignoresConditions:
      "the bucket ignores If-Match or If-None-Match, so two machines could both hold the lease; "
        + "take one that knows conditional writes"
    }
  }

  private static func advice(_ status: Int, _ code: String?) -> String {
    switch (code, status) {
    case ("InvalidAccessKeyId", _), ("SignatureDoesNotMatch", _):
      "mend LITESTREAM_ACCESS_KEY_ID and LITESTREAM_SECRET_ACCESS_KEY"
    case ("RequestTimeTooSkewed", _): "set this machine's clock"
    case ("NoSuchBucket", _): "make the bucket, or mend its name in standby.bucket"
    case ("PermanentRedirect", _), ("AuthorizationHeaderMalformed", _), (_, 300..<400):
      "name its region or its endpoint in standby.bucket"
    case ("NotImplemented", _), (_, 501): "take a bucket that knows conditional writes"
    case (_, 401), (_, 403):
      "allow the key to read, write, list and delete objects below the prefix in standby.bucket"
    case (_, 429), (_, 500...): "it is busy or out of order, and is asked again"
    default: "see standby.bucket"
    }
  }
}
