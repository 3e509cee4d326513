import Foundation
import HTTPTransport
import Replication
import Testing

@Suite("The signature of requests to S3")
struct SignatureTests {
  /// FIPS 180-4's examples, and lengths around the end of a block.
  @Test(arguments: [
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (
      "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
        + "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
      "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
    ),
    (
      String(repeating: "a", count: 55),
      "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"
    ),
    (
      String(repeating: "a", count: 56),
      "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"
    ),
    (
      String(repeating: "a", count: 63),
      "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34"
    ),
    (
      String(repeating: "a", count: 64),
      "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"
    ),
    (
      String(repeating: "a", count: 65),
      "635361c48bb9eab14198e76ea8ab7f1a41685d6ad62aa9146d301d4f17eb0ae0"
    ),
    (
      String(repeating: "a", count: 119),
      "31eba51c313a5c08226adf18d4a359cfdfd8d2e816b13f4af952f7ea6584dcfb"
    ),
    (
      String(repeating: "a", count: 120),
      "2f3d335432c70b580af0e8e1b3674a7c020d683aa5f73aaaedfdc55af904c21c"
    ),
  ])
  func theHashIsThatOfTheStandard(message: String, hash: String) {
    #expect(SHA256.digest(of: message.utf8).hexadecimal == hash)
  }

  /// RFC 4231's test cases 2, 1 and 6: a key shorter than a block, and a longer one.
  @Test(arguments: [
    (
      Data("Jefe".utf8), "what do ya want for nothing?",
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    ),
    (
      Data(repeating: 0x0B, count: 20), "Hi There",
      "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
    ),
    (
      Data(repeating: 0xAA, count: 131), "Test Using Larger Than Block-Size Key - Hash Key First",
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
    ),
  ])
  func theAuthenticationCodeIsThatOfTheStandard(key: Data, message: String, code: String) {
    #expect(SHA256.authenticationCode(of: message.utf8, key: key).hexadecimal == code)
  }

  struct Vector: Sendable, CustomTestStringConvertible {
    var method: HTTPRequest.Method
    var path: String
    var query = ""
    var condition: [(name: String, value: String)] = []
    var body = ""
    var host = "127.0.0.1:9000"
    var signedHeaders = "content-type;host;x-amz-content-sha256;x-amz-date"
    var signature: String

    var testDescription: String { "\(method.rawValue) \(path)" }
  }

  /// As botocore's `S3SigV4Auth` signs them.
  @Test(arguments: [
    Vector(
      method: .get, path: "/backups",
      query: "continuation-token=1%2F%2Ba%3D%3D&list-type=2&prefix=aidevbot%2Fstandby%2F",
      signature: "effdf835399fd162532b2904aa3fe74ded4896725df4d27a17e6ed58f24b4f10"),
    Vector(
      method: .put, path: "/backups/aidevbot/lease", condition: [("If-None-Match", "*")],
      body: #"{"term":3}"#,
      signedHeaders: "content-type;host;if-none-match;x-amz-content-sha256;x-amz-date",
      signature: "12fe87e9b502411b3693c88f43a705a4771def5dc3896422751697c7660417c4"),
    Vector(
      method: .put, path: "/backups/aidevbot/lease",
      condition: [("If-Match", #""9b2cf535f27731c974343645a3985328""#)], body: #"{"term":4}"#,
      signedHeaders: "content-type;host;if-match;x-amz-content-sha256;x-amz-date",
      signature: "64a0709cea9c2c9b428966309fe291b758688447ba049eb87c4033815fa0ab53"),
    Vector(
      method: .put, path: "/backups/aidevbot/lease",
      signature: "c69c1187221eacdb2c81816b4170f213c15f6510b02493864c13b4977741eaf1"),
    Vector(
      method: .delete, path: "/backups/aidevbot/lease",
      signature: "edfbbc3661cb89a08abb28df072287c290bc7bf7a32b632d94fac56723540dc3"),
    Vector(
      method: .get,
      path: "/backups/aidevbot/standby/a%20b%2Bc%21%C3%A4~%28%27%29%2A%26%3D",
      signature: "3fbea99e8482b3bdc51a39d1fde580ab794c395ecdda015756363c855c8b3a12"),
    Vector(
      method: .get, path: "/aidevbot/lease", host: "backups.s3.eu-central-1.amazonaws.com",
      signature: "242d8cb459befa2bbe4dcd0c006e9a46c59b91c8561bb0e787d40e345fdda037"),
  ])
  func aRequestIsSignedAsBotocoreSignsIt(vector: Vector) throws {
    let signature = RequestSignature(
      region: "eu-central-1", accessKeyID: "AKIDEXAMPLE",
      secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
    let headers = signature.signed(
      vector.method, path: vector.path, query: vector.query,
      headers: [("Host", vector.host), ("Content-Type", "application/octet-stream")]
        + vector.condition,
      body: Data(vector.body.utf8), at: Date(timeIntervalSince1970: 1_767_323_045))
    let authorization = try #require(headers.last)
    #expect(authorization.name == "Authorization")
    #expect(
      authorization.value
        == "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/eu-central-1/s3/aws4_request, "
        + "SignedHeaders=\(vector.signedHeaders), Signature=\(vector.signature)")
    #expect(headers.contains { $0 == ("X-Amz-Date", "20260102T030405Z") })
  }
}
