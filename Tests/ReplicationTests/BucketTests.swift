import Foundation
import HTTPTransport
import Replication
import Testing
import TestSupport

extension FakeBucket {
  /// As the bot sees it.
  func bucket(
    over transport: HTTPTransport = .ofAllTests,
    secretAccessKey: String = FakeBucket.secretAccessKey, deadline: Duration = .seconds(600)
  ) throws -> Bucket {
    Bucket(
      transport: transport, address: try BucketAddress(parsing: address),
      accessKeyID: Self.accessKeyID, secretAccessKey: secretAccessKey, deadline: deadline)
  }
}

@Suite("A bucket")
struct BucketTests {
  private let fake: FakeBucket
  private let bucket: Bucket

  init() throws {
    fake = try FakeBucket()
    bucket = try fake.bucket()
  }

  @Test(arguments: ["lease", "standby/a b+c%21!ä~('&=)*?#", "e\u{301}"])
  func whatIsWrittenIsReadAndGoesWhenItIsDeleted(key: String) async throws {
    #expect(try await bucket.get(key) == nil)
    let etag = try await bucket.put(key, Data("one".utf8), if: .always)
    let object = try #require(try await bucket.get(key))
    #expect(object.body == Data("one".utf8) && object.etag == etag)
    #expect(fake.contents.value.objects.keys.sorted() == ["aidevbot/\(key)"])
    try await bucket.delete(key)
    #expect(try await bucket.get(key) == nil)
    try await bucket.delete(key)
  }

  @Test func anObjectMayBeEmptyAndHaveNoPrefix() async throws {
    let fake = try FakeBucket(prefix: "")
    let bucket = try fake.bucket()
    _ = try await bucket.put("empty", Data(), if: .isNew)
    #expect(try await bucket.get("empty")?.body == Data())
    #expect(fake.contents.value.objects.keys.sorted() == ["empty"])
  }

  @Test func ageIsByTheBucketsOwnClock() async throws {
    fake.store("lease", Data("one".utf8))
    fake.contents.change { $0.now += 90 }
    #expect(try await bucket.get("lease")?.age == .seconds(90))
    #expect(try await bucket.list("").first?.age == .seconds(90))
    fake.contents.change { $0.now -= 100 }
    #expect(try await bucket.get("lease")?.age == .zero)
  }

  @Test func aWriteOnConditionIsDoneOnlyIfItIsMet() async throws {
    let first = try await bucket.put("lease", Data("1".utf8), if: .isNew)
    await #expect(throws: BucketError.conditionFailed) {
      try await bucket.put("lease", Data("2".utf8), if: .isNew)
    }
    let second = try await bucket.put("lease", Data("3".utf8), if: .matches(etag: first))
    #expect(second != first)
    await #expect(throws: BucketError.conditionFailed) {
      try await bucket.put("lease", Data("4".utf8), if: .matches(etag: first))
    }
    #expect(fake.body(of: "lease") == Data("3".utf8))
    try await bucket.delete("lease")
    await #expect(throws: BucketError.conditionFailed) {
      try await bucket.put("lease", Data("5".utf8), if: .matches(etag: second))
    }
    #expect(fake.body(of: "lease") == nil)
  }

  @Test func writesThatMeetAreALostRaceAndOtherConflictsAreNot() async throws {
    fake.fail(.refuses(status: 409, code: "ConditionalRequestConflict"), times: 1)
    await #expect(throws: BucketError.conditionFailed) {
      try await bucket.put("lease", Data("1".utf8), if: .isNew)
    }
    fake.fail(.refuses(status: 409, code: "OperationAborted"), times: 1)
    await #expect(throws: BucketError.refused(status: 409, code: "OperationAborted")) {
      try await bucket.put("lease", Data("1".utf8), if: .isNew)
    }
  }

  /// A second attempt of libcurl's own, on a connection that was kept, would meet the first.
  @Test func aWriteWhoseAnswerIsLostIsNotMadeTwice() async throws {
    // One of its own: that of all tests may need the kept connection's place for another.
    let bucket = try fake.bucket(
      over: HTTPTransport(limits: .init(connect: .seconds(600), idleConnection: .seconds(3_600))))
    #expect(try await bucket.get("lease") == nil)
    fake.fail(.losesAnswers)
    let error = await #expect(throws: BucketError.self) {
      try await bucket.put("lease", Data("mine".utf8), if: .isNew)
    }
    guard case .unreachable? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    fake.recover()
    #expect(fake.contents.value.calls == ["GET aidevbot/lease", "PUT aidevbot/lease"])
    // Whoever repeats it meets their own write, and looks again.
    await #expect(throws: BucketError.conditionFailed) {
      try await bucket.put("lease", Data("mine".utf8), if: .isNew)
    }
    #expect(try await bucket.get("lease")?.body == Data("mine".utf8))
  }

  @Test func aBucketThatIsAwayOrSilentIsUnreachable() async throws {
    let hasty = try fake.bucket(deadline: .milliseconds(100))
    for (bucket, fault) in [(bucket, FakeBucket.Fault.away), (hasty, .silent)] {
      fake.fail(fault)
      let error = await #expect(throws: BucketError.self) { try await bucket.get("lease") }
      guard case .unreachable? = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
      #expect("\(try #require(error))".contains("standby.bucket"))
    }
  }

  @Test(arguments: [
    (403, "AccessDenied", "allow the key"),
    (403, "InvalidAccessKeyId", "mend LITESTREAM_ACCESS_KEY_ID"),
    (403, "RequestTimeTooSkewed", "clock"),
    (403, nil, "allow the key"),
    (404, "NoSuchBucket", "make the bucket"),
    (404, nil, "see standby.bucket"),
    (301, "PermanentRedirect", "region"),
    (400, "AuthorizationHeaderMalformed", "region"),
    (501, "NotImplemented", "conditional writes"),
    (500, "InternalError", "asked again"),
    (503, "SlowDown", "asked again"),
  ])
  func aRefusalSaysWhatToDo(status: Int, code: String?, advice: String) async throws {
    fake.fail(.refuses(status: status, code: code))
    let expected = BucketError.refused(status: status, code: code)
    #expect("\(expected)".contains(advice) && "\(expected)".contains("status \(status)"))
    await #expect(throws: expected) { try await bucket.get("lease") }
    await #expect(throws: expected) {
      try await bucket.put("lease", Data("1".utf8), if: .matches(etag: "\"1\""))
    }
    await #expect(throws: expected) { try await bucket.list("") }
    await #expect(throws: expected) { try await bucket.delete("lease") }
  }

  @Test func aWrongSecretIsSaidAndNotRepeated() async throws {
    let bucket = try fake.bucket(secretAccessKey: "another-secret")
    let error = await #expect(throws: BucketError.self) { try await bucket.get("lease") }
    #expect(error == .refused(status: 403, code: "SignatureDoesNotMatch"))
    #expect("\(try #require(error))".contains("LITESTREAM_SECRET_ACCESS_KEY"))
    #expect(!"\(try #require(error))".contains("another-secret"))
  }

  /// A page of a proxy's is no object, no list, and no word that there is none.
  @Test func whatIsNotS3IsNotBelieved() async throws {
    fake.fail(.speaks(status: 200, "<html>Welcome</html>"))
    for attempt in [
      { _ = try await bucket.get("lease") }, { _ = try await bucket.list("") },
      { _ = try await bucket.put("lease", Data(), if: .always) },
    ] {
      let error = await #expect(throws: BucketError.self) { try await attempt() }
      guard case .malformed? = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
    }
    fake.fail(.speaks(status: 404, "<html><Code>Not a code of S3's!</Code></html>"))
    await #expect(throws: BucketError.refused(status: 404, code: nil)) {
      try await bucket.get("lease")
    }
  }

  // MARK: - Lists

  @Test func aListIsWholeOverItsPages() async throws {
    let names = ["a", "b&amp;<Key>'\"", "c\r", "d/e f+g", "e\u{301}", "z"]
    for name in names { fake.store("standby/\(name)", Data(name.utf8)) }
    fake.store("standbyless", Data())
    fake.contents.change { $0.pageSize = 2 }
    let listed = try await bucket.list("standby/")
    #expect(listed.map(\.key) == names.map { "standby/\($0)" })
    #expect(listed.map(\.bytes) == names.map { Int64($0.utf8.count) })
    #expect(fake.contents.value.calls.count == 3)
    #expect(try await bucket.list("nothing/").isEmpty)
    #expect(try await bucket.list("").count == 7)
  }

  /// In Swift's eyes, its first scalar would be one character with the tag before it.
  @Test func aKeyMayBeginWithACombiningScalar() async throws {
    let fake = try FakeBucket(prefix: "")
    fake.store("\u{301}odd", Data())
    #expect(try await fake.bucket().list("").map(\.key) == ["\u{301}odd"])
  }

  @Test func aListHasABound() async throws {
    fake.contents.change { $0.pageSize = 1 }
    for number in 1...101 { fake.store("\(number)", Data()) }
    await #expect(throws: BucketError.tooManyObjects(limit: Bucket.maximumListed)) {
      try await bucket.list("")
    }
    #expect(fake.contents.value.calls.count == 100)
  }

  @Test(arguments: [
    "<ListBucketResult><Contents><Key>other/a</Key><Size>1</Size></Contents></ListBucketResult>",
    "<ListBucketResult><Contents><Key>aidevbot/a</Key></Contents></ListBucketResult>",
    "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
  ])
  func aListThatIsNotOneIsNotBelieved(xml: String) async throws {
    fake.fail(.speaks(status: 200, xml))
    let error = await #expect(throws: BucketError.self) { try await bucket.list("") }
    guard case .malformed? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  // MARK: - The probe

  @Test func aBucketThatKeepsToConditionsPassesTheProbe() async throws {
    try await bucket.probe()
    #expect(fake.contents.value.objects.isEmpty)
  }

  @Test func aBucketThatIgnoresConditionsIsFoundOut() async throws {
    fake.fail(.ignoresConditions)
    await #expect(throws: BucketError.ignoresConditions) { try await bucket.probe() }
    #expect(fake.contents.value.objects.isEmpty)
  }

  @Test func aProbeThatFailsSaysWhy() async throws {
    fake.fail(.refuses(status: 403, code: "AccessDenied"))
    await #expect(throws: BucketError.refused(status: 403, code: "AccessDenied")) {
      try await bucket.probe()
    }
  }
}
