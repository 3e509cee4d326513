/// Files as GNU tar reads them: what a cage's own tar writes into its folder, and so within the
/// bounds of that.
enum TarArchive {
  private static let block = 512
  /// What a header has room for; a longer path goes before it, as a member of its own.
  private static let shortPath = 100

  static func bytes(of files: [WorkshopFile]) -> [UInt8] {
    var archive: [UInt8] = []
    archive.reserveCapacity(files.reduce(2 * block) { $0 + $1.bytes.count + 3 * block })
    for file in files {
      let path = Array(file.path.utf8)
      if path.count > shortPath {
        append(path + [0], name: Array("././@LongLink".utf8), type: "L", mode: 0, to: &archive)
      }
      // What names its interpreter is a program.
      let mode = file.bytes.starts(with: "#!".utf8) ? 0o755 : 0o644
      append(file.bytes, name: Array(path.prefix(shortPath)), type: "0", mode: mode, to: &archive)
    }
    archive.append(contentsOf: repeatElement(0, count: 2 * block))
    return archive
  }

  private static func append(
    _ content: [UInt8], name: [UInt8], type: Unicode.Scalar, mode: Int, to archive: inout [UInt8]
  ) {
    var header = [UInt8](repeating: 0, count: block)
    func put(_ bytes: some Collection<UInt8>, at offset: Int) {
      header.replaceSubrange(offset..<offset + bytes.count, with: bytes)
    }
    func octal(_ number: Int, digits: Int) -> String.UTF8View {
      let text = String(number, radix: 8)
      return (String(repeating: "0", count: max(0, digits - text.count)) + text).utf8
    }
    put(name, at: 0)
    put(octal(mode, digits: 7), at: 100)
    put(octal(0, digits: 7), at: 108)  // Owner, and below group; the cage's tar does not look.
    put(octal(0, digits: 7), at: 116)
    put(octal(content.count, digits: 11), at: 124)
    put(octal(0, digits: 11), at: 136)  // Time: the same for all, so that make takes all for made.
    put(repeatElement(UInt8(ascii: " "), count: 8), at: 148)
    put(String(type).utf8, at: 156)
    put("ustar  ".utf8, at: 257)
    put(octal(header.reduce(0) { $0 + Int($1) }, digits: 6), at: 148)
    header[154] = 0
    archive.append(contentsOf: header)
    archive.append(contentsOf: content)
    let rest = content.count % block
    if rest > 0 { archive.append(contentsOf: repeatElement(0, count: block - rest)) }
  }
}
