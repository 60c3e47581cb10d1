/// Changes of `.fkv` and `.fkvbasis` files that get past the hashes.
enum ContainerChanges {
  /// The file with one to three things changed in it.
  static func mutated(_ bytes: [UInt8], _ changes: inout ByteChanges) -> [UInt8] {
    if changes.once(in: 16) { return changes.changed(bytes) }
    guard var parts = ContainerParts(bytes), !parts.sections.isEmpty else { return changes.changed(bytes) }
    if changes.once(in: 8) { return metadata(bytes, &changes) }
    for _ in 0...changes.number(below: 3) { change(&parts, &changes) }
    let changed = parts.bytes
    return changed.count <= changes.most ? changed : bytes
  }

  /// Prologue, a prefix or the directory changed, and the metadata's hash made right.
  private static func metadata(_ bytes: [UInt8], _ changes: inout ByteChanges) -> [UInt8] {
    var bytes = bytes
    let directory = Int(ContainerParts.number(bytes, 48, 8))
    for _ in 0...changes.number(below: 2) {
      let place =
        changes.once(in: 3)
        ? changes.number(below: 64) & ~3 : directory + changes.number(below: bytes.count - directory) & ~3
      changes.putNumber(into: &bytes, at: place, bytes: 2 << changes.number(below: 3))
    }
    return ContainerParts.sealed(bytes)
  }

  private static func change(_ parts: inout ContainerParts, _ changes: inout ByteChanges) {
    let index = changes.number(below: parts.sections.count)
    let last = parts.sections.count - 1
    switch changes.number(below: 12) {
    case 0...3: parts.sections[index].payload = payload(parts.sections[index].payload, &changes)
    case 4...6: parts.sections[last].payload = record(parts.sections[last].payload, &changes)
    case 7: changes.putNumber(into: &parts.sections[index].head, at: changes.number(below: 10) * 2, bytes: 4)
    case 8: parts.sections[index].rawBytes = changes.suspect(parts.sections[index].rawBytes)
    case 9: parts.sections.swapAt(index, changes.number(below: parts.sections.count))
    case 10 where last > 0: parts.sections.remove(at: index)
    default:
      // Another section's payload, or a section twice.
      if changes.once(in: 2) {
        parts.sections[index].payload = parts.sections[changes.number(below: parts.sections.count)].payload
      } else {
        parts.sections.insert(parts.sections[index], at: changes.number(below: parts.sections.count))
      }
    }
    if parts.sections.isEmpty { return }
    // raw_bytes of the header is its length, and that of frames theirs; both kinds are known by that.
    if changes.number(below: 8) > 0 {
      for place in parts.sections.indices where [1, 48, 49].contains(parts.sections[place].kind) {
        parts.sections[place].rawBytes = UInt64(parts.sections[place].payload.count)
      }
    }
  }

  /// Bytes anywhere, a number near the front, or the end made longer or shorter together with the last length before it.
  static func payload(_ payload: [UInt8], _ changes: inout ByteChanges) -> [UInt8] {
    switch changes.number(below: 3) {
    case 0: return changes.changed(payload)
    case 1:
      var payload = payload
      let place = changes.number(below: max(1, min(payload.count, 72))) & ~1
      changes.putNumber(into: &payload, at: place, bytes: 1 << changes.number(below: 4))
      return payload
    default: return resized(payload, &changes)
    }
  }

  /// The payload with its end changed in length, and the first 8-byte number among the first 64 bytes that can be a
  /// length of that end changed with it.
  private static func resized(_ payload: [UInt8], _ changes: inout ByteChanges) -> [UInt8] {
    var lengths: [Int] = []
    for place in stride(from: 16, to: min(64, payload.count - 8), by: 4) {
      let value = ContainerParts.number(payload, place, 8)
      if value > 0, value <= UInt64(payload.count - place - 8) { lengths.append(place) }
    }
    guard let place = lengths.isEmpty ? nil : lengths[changes.number(below: lengths.count)] else {
      return changes.changed(payload)
    }
    let length = Int(ContainerParts.number(payload, place, 8))
    let start = payload.count - length
    let end = changes.changed(Array(payload[start...]))
    return Array(payload[..<place]) + ContainerParts.little(UInt64(end.count), 8) + payload[(place + 8)..<start] + end
  }

  /// A record with a field changed, taken away, doubled, or changed inside; whole fields stay whole.
  static func record(_ bytes: [UInt8], _ changes: inout ByteChanges) -> [UInt8] {
    guard var fields = RecordParts(bytes)?.fields, !fields.isEmpty else { return changes.changed(bytes) }
    let index = changes.number(below: fields.count)
    switch changes.number(below: 10) {
    case 0...2:
      changes.putNumber(
        into: &fields[index].payload, at: 0, bytes: fields[index].payload.count.isMultiple(of: 8) ? 8 : 4)
    case 3, 4: fields[index].payload = changes.changed(fields[index].payload)
    case 5...7: fields[index].payload = record(fields[index].payload, &changes)
    case 8: fields.remove(at: index)
    default:
      if changes.once(in: 2) {
        fields.insert(fields[index], at: index)
      } else {
        changes.putNumber(into: &fields[index].head, at: changes.number(below: 2) * 2, bytes: 2)
      }
    }
    return RecordParts(fields: fields).bytes
  }
}

/// The fields of a record, whatever they are.
struct RecordParts {
  struct Field {
    /// Tag and flags.
    var head: [UInt8]
    var payload: [UInt8]
  }
  var fields: [Field]

  init(fields: [Field]) { self.fields = fields }

  /// nil where the bytes are no run of whole fields.
  init?(_ bytes: [UInt8]) {
    fields = []
    var place = 0
    while place < bytes.count {
      guard place + 8 <= bytes.count else { return nil }
      let count = Int(ContainerParts.number(bytes, place + 4, 4))
      guard count <= bytes.count - place - 8 else { return nil }
      fields.append(Field(head: Array(bytes[place..<place + 4]), payload: Array(bytes[place + 8..<place + 8 + count])))
      place += 8 + count
    }
  }

  var bytes: [UInt8] {
    fields.flatMap { $0.head + ContainerParts.little(UInt64($0.payload.count), 4) + $0.payload }
  }
}
