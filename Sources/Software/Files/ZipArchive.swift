import CZip
import Foundation

/// The zip that people get: the same bytes for the same files, wherever and whenever it is made.
package enum ZipArchive {
  /// - Parameter folder: What unpacking makes: letters, digits, hyphens and underscores of ASCII;
  ///   all else in it becomes a hyphen.
  /// - Throws: `SoftwareError.zipFailed`, without files, or where memory is lacking.
  package static func bytes(
    of files: ProjectFiles, folder: String
  ) throws(SoftwareError) -> [UInt8] {
    guard !files.contents.isEmpty else { throw .zipFailed("there are no files") }
    var error = zip_error_t()
    zip_error_init(&error)
    defer { zip_error_fini(&error) }
    guard let target = zip_source_buffer_create(nil, 0, 0, &error) else { throw failed(&error) }
    defer { zip_source_free(target) }
    guard let archive = zip_open_from_source(target, ZIP_TRUNCATE, &error) else {
      throw failed(&error)
    }
    // The archive frees it once, and so does the end of this function.
    zip_source_keep(target)
    let folder = folderName(folder)
    for path in files.paths {
      guard add(files[path] ?? "", as: "\(folder)/\(path)", to: archive) else {
        defer { zip_discard(archive) }
        throw .zipFailed(String(cString: zip_strerror(archive)))
      }
    }
    guard zip_close(archive) == 0 else {
      defer { zip_discard(archive) }
      throw .zipFailed(String(cString: zip_strerror(archive)))
    }
    return try read(target)
  }

  /// The name of the folder, and of the file with ".zip" behind it.
  package static func folderName(_ title: String) -> String {
    let words = title.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
    let name = words.joined(separator: "-").prefix(40)
    return name.isEmpty ? "project" : String(name.last == "-" ? name.dropLast() : name)
  }

  private static func add(_ text: String, as name: String, to archive: OpaquePointer) -> Bool {
    // libzip reads it when the archive is closed, and frees it then.
    let bytes = Array(text.utf8)
    guard let copy = malloc(max(bytes.count, 1)) else { return false }
    bytes.withUnsafeBytes { source in
      if let start = source.baseAddress { copy.copyMemory(from: start, byteCount: source.count) }
    }
    guard let source = zip_source_buffer(archive, copy, zip_uint64_t(bytes.count), 1) else {
      free(copy)
      return false
    }
    let index = zip_file_add(archive, name, source, zip_flags_t(ZIP_FL_ENC_UTF_8))
    guard index >= 0 else {
      zip_source_free(source)
      return false
    }
    let mode: UInt32 = text.utf8.starts(with: "#!".utf8) ? 0o100755 : 0o100644
    return zip_file_set_dostime(archive, zip_uint64_t(index), 0, firstDay, 0) == 0
      && zip_file_set_external_attributes(
        archive, zip_uint64_t(index), 0, zip_uint8_t(ZIP_OPSYS_UNIX), mode << 16) == 0
  }

  /// 1980-01-01, the first day that a zip knows: month and day in bits, no years since (PKWARE's
  /// APPNOTE 4.4.6). A time of the clock would be one of a time zone.
  private static let firstDay: zip_uint16_t = 1 << 5 | 1

  private static func read(_ source: OpaquePointer) throws(SoftwareError) -> [UInt8] {
    var stat = zip_stat_t()
    guard zip_source_stat(source, &stat) == 0, zip_source_open(source) == 0 else {
      throw failed(zip_source_error(source))
    }
    defer { zip_source_close(source) }
    var bytes = [UInt8](repeating: 0, count: Int(stat.size))
    let count = bytes.withUnsafeMutableBytes { buffer in
      buffer.baseAddress.map { zip_source_read(source, $0, stat.size) } ?? 0
    }
    guard count == bytes.count else { throw failed(zip_source_error(source)) }
    return bytes
  }

  private static func failed(_ error: UnsafeMutablePointer<zip_error_t>) -> SoftwareError {
    .zipFailed(String(cString: zip_error_strerror(error)))
  }
}
