import Foundation

/// A record (§5).
struct Record {
  struct Field {
    var tag: Int
    var flags: Int
    var payload: [UInt8]
  }
  var fields: [Field] = []

  /// §5.1. `repeated` are the tags that may occur more than once, `known` those that the record's definition has.
  init(_ bytes: [UInt8], known: Set<Int>, repeated: Set<Int> = []) throws {
    var place = 0
    while place < bytes.count {
      guard bytes.count - place >= 8 else { throw Refusal(40, "field at \(place)") }
      let (tag, flags, count) = (bytes.u16(place), bytes.u16(place + 2), bytes.u32(place + 4))
      guard tag >= fields.last?.tag ?? 0 else { throw Refusal(41, "field \(tag)") }
      // §5.2: bits 1 to 7 are reserved.
      guard flags & 0xFE == 0 else { throw Refusal(46, "field \(tag)") }
      guard count <= bytes.count - place - 8 else { throw Refusal(40, "field \(tag)") }
      fields.append(Field(tag: tag, flags: flags, payload: Array(bytes[place + 8..<place + 8 + count])))
      // §2.4
      guard fields.count <= 65_536 else { throw Refusal(52, "a record") }
      place += 8 + count
    }
    for (number, field) in fields.enumerated() {
      guard known.contains(field.tag) || field.flags & 1 == 0 else { throw Refusal(45, "field \(field.tag)") }
      if number > 0, fields[number - 1].tag == field.tag, known.contains(field.tag), !repeated.contains(field.tag) {
        throw Refusal(42, "field \(field.tag)")
      }
    }
  }

  func all(_ tag: Int) -> [[UInt8]] { fields.filter { $0.tag == tag }.map(\.payload) }

  func optional(_ tag: Int) -> [UInt8]? { fields.first { $0.tag == tag }?.payload }

  func must(_ tag: Int) throws -> [UInt8] {
    guard let payload = optional(tag) else { throw Refusal(43, "field \(tag)") }
    return payload
  }

  func u8(_ tag: Int) throws -> Int { Int(try sized(must(tag), 1)[0]) }
  func u16(_ tag: Int) throws -> Int { try sized(must(tag), 2).u16(0) }
  func u32(_ tag: Int) throws -> Int { try sized(must(tag), 4).u32(0) }
  func f32(_ tag: Int) throws -> Float { try sized(must(tag), 4).f32(0) }
  func f64(_ tag: Int) throws -> Double { try sized(must(tag), 8).f64(0) }
  func string(_ tag: Int) throws -> String { try text(must(tag)) }
}

/// §5.3: a payload of the length that its type has.
func sized(_ payload: [UInt8], _ count: Int) throws -> [UInt8] {
  guard payload.count == count else { throw Refusal(44, "\(payload.count) bytes") }
  return payload
}

/// §5.3: how many numbers of `size` bytes a payload holds.
func numbers(_ payload: [UInt8], _ size: Int) throws -> Int {
  guard payload.count % size == 0 else { throw Refusal(44, "\(payload.count) bytes") }
  return payload.count / size
}

/// §5.3: a payload as text.
func text(_ payload: [UInt8]) throws -> String {
  guard let text = String(validating: payload, as: UTF8.self) else { throw Refusal(47, "a text") }
  return text
}

/// A value that must hold to its meaning (§5.3).
func need(_ holds: Bool, _ what: String) throws { guard holds else { throw Refusal(48, what) } }
