import Foundation

extension Bucket {
  /// Proves, with an object of its own that it deletes again, that the bucket can be read, written
  /// and listed with these keys, and keeps to conditions: where it does not, two machines would
  /// both hold the lease.
  package func probe() async throws(BucketError) {
    let key = "probe/\(UUID().uuidString.lowercased())"
    do {
      try await probe(key)
    } catch {
      // What was wrong counts; what is left behind is a few bytes.
      try? await delete(key)
      throw error
    }
    try await delete(key)
  }

  private func probe(_ key: String) async throws(BucketError) {
    let first = try await put(key, Data("1".utf8), if: .isNew)
    try await expectRefusal(of: "2", at: key, if: .isNew)
    _ = try await put(key, Data("3".utf8), if: .matches(etag: first))
    try await expectRefusal(of: "4", at: key, if: .matches(etag: first))
    guard try await get(key)?.body == Data("3".utf8) else { throw .ignoresConditions }
    guard try await list(key).map(\.key) == [key] else {
      throw .malformed(what: "it does not list what was written")
    }
  }

  private func expectRefusal(
    of body: String, at key: String, if condition: Condition
  ) async throws(BucketError) {
    do {
      _ = try await put(key, Data(body.utf8), if: condition)
    } catch .conditionFailed {
      return
    }
    throw .ignoresConditions
  }
}
