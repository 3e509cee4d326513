package import Glibc

/// Hands over the address of a socket in the file system.
///
/// - Parameter path: Of at most 107 bytes.
package func withUnixAddress<Result>(
  _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
) -> Result {
  var address = sockaddr_un()
  address.sun_family = sa_family_t(AF_UNIX)
  withUnsafeMutableBytes(of: &address.sun_path) { bytes in
    precondition(path.utf8.count < bytes.count, "the path of a socket is too long: \(path)")
    bytes.copyBytes(from: path.utf8)
  }
  return withUnsafePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
    }
  }
}
