import Replication
import Testing

@Suite("The address of a bucket")
struct BucketAddressTests {
  @Test(arguments: [
    ("s3://backups/aidevbot", "s3://backups/aidevbot/term-1?region=us-east-1"),
    ("s3://backups", "s3://backups/term-1?region=us-east-1"),
    (
      "s3://my.backups/a/b_c-1.d/?region=eu-central-1&forcePathStyle=false",
      "s3://my.backups/a/b_c-1.d/term-1?region=eu-central-1"
    ),
    (
      "s3://backups/bot?endpoint=http://127.0.0.1:9000&region=auto&forcePathStyle=true",
      "s3://backups/bot/term-1?endpoint=http://127.0.0.1:9000&region=auto&forcePathStyle=true"
    ),
    (
      "s3://backups/bot?endpoint=https%3A%2F%2Fs3.example.org/",
      "s3://backups/bot/term-1?endpoint=https://s3.example.org&region=us-east-1&forcePathStyle=true"
    ),
    (
      "s3://backups/bot?endpoint=http://[::1]:9000",
      "s3://backups/bot/term-1?endpoint=http://[::1]:9000&region=us-east-1&forcePathStyle=true"
    ),
  ])
  func isGoodAndLeadsToAReplicasURL(text: String, replica: String) throws {
    #expect(try BucketAddress(parsing: text).replicaURL(of: "term-1") == replica)
  }

  @Test(arguments: [
    ("", "s3://BUCKET/PREFIX"),
    ("https://backups.s3.amazonaws.com/bot", "s3://BUCKET/PREFIX"),
    ("s3://", "3 to 63"),
    ("s3:///bot", "3 to 63"),
    ("s3://ab/bot", "3 to 63"),
    ("s3://key:hush@backups/bot", "keys are not a part of it"),
    ("s3://backups/a//b", "prefix"),
    ("s3://backups/a/../b", "prefix"),
    ("s3://backups/a b", "prefix"),
    ("s3://backups/bot?acess=hush", "endpoint, region and forcePathStyle alone"),
    ("s3://backups/bot?region=", "endpoint, region and forcePathStyle alone"),
    ("s3://backups/bot?region=a&region=b", "endpoint, region and forcePathStyle alone"),
    ("s3://backups/bot?region=eu/central", "region=eu-central-1"),
    ("s3://backups/bot?endpoint=127.0.0.1:9000", "http://HOST:PORT"),
    ("s3://backups/bot?endpoint=https://key:hush@host", "http://HOST:PORT"),
    ("s3://backups/bot?endpoint=https://host/path", "http://HOST:PORT"),
    ("s3://backups/bot?endpoint=ftp://host", "http://HOST:PORT"),
    ("s3://backups/bot?endpoint=http://host&forcePathStyle=false", "forcePathStyle=true"),
    ("s3://backups/bot?forcePathStyle=yes", "forcePathStyle=true"),
  ])
  func isBadWithASentenceThatSaysWhatToWrite(text: String, advice: String) throws {
    let error = #expect(throws: BucketAddress.Malformed.self) {
      try BucketAddress(parsing: text)
    }
    let sentence = "\(try #require(error))"
    #expect(sentence.contains(advice))
    #expect(!sentence.contains("hush"))
  }
}
