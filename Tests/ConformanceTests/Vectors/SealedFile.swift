import Foundation
import ReferenceDecoder

/// An encrypted file taken apart, to be put together again with something changed: with right hashes and sizes, as
/// somebody without the key would.
struct SealedFile {
  struct Part {
    /// Bytes 0 to 35 (§4.2).
    var description: [UInt8]
    var payload: [UInt8]

    var kind: UInt64 { EditableFile.number(description, 0, 2) }
  }

  var features: UInt32
  /// The seal and the header are the last two.
  var parts: [Part]

  init(_ bytes: [UInt8]) {
    features = UInt32(EditableFile.number(bytes, 12, 4))
    parts = stride(from: EditableFile.directory(bytes), to: bytes.count, by: 56).map { row in
      let (offset, count) = (Int(EditableFile.number(bytes, row + 48, 8)), Int(EditableFile.number(bytes, row + 20, 8)))
      return Part(
        description: Array(bytes[row..<row + 36]), payload: Array(bytes[offset + 48..<offset + 48 + count]))
    }
  }

  var seal: Int { parts.count - 2 }

  var bytes: [UInt8] {
    var (body, rows) = ([UInt8](), [UInt8]())
    for part in parts {
      var description = part.description[..<20] + little(UInt64(part.payload.count)) + part.description[28...]
      description += little(XXH3.hash(Array(description) + part.payload))
      rows += description + little(UInt32(0)) + little(UInt64(64 + body.count))
      body += [0xF6, 0x53, 0x45, 0x43] + description + part.payload
    }
    let (directory, header) = (64 + body.count, parts[parts.count - 1].payload)
    var prologue: [UInt8] = [0x89, 0x46, 0x4B, 0x56, 0x0D, 0x0A, 0x1A, 0x0A]
    prologue += little(UInt32(1)) + little(features) + little(UInt64(0))
    prologue += little(UInt64(directory + rows.count)) + little(UInt64(directory - 48 - header.count))
    prologue += little(UInt32(header.count)) + little(UInt32(rows.count)) + little(UInt64(directory))
    return prologue + little(XXH3.hash(prologue + header + rows)) + body + rows
  }
}
