/// Changes of safetensors files: the header's length is made right again, and the data as long as offsets say.
enum SafetensorsChanges {
  static func mutated(_ bytes: [UInt8], _ changes: inout ByteChanges) -> [UInt8] {
    guard bytes.count >= 8, let length = Int(exactly: ContainerParts.number(bytes, 0, 8)), length <= bytes.count - 8,
      changes.number(below: 8) > 0
    else { return changes.changed(bytes) }
    var header = Array(bytes[8..<8 + length])
    var data = Array(bytes[(8 + length)...])
    for _ in 0...changes.number(below: 3) { JSONChanges.change(&header, &changes) }
    switch changes.number(below: 6) {
    case 0: data = changes.changed(data)
    case 1...4:
      // Offsets are whole numbers of the header; the largest that is not absurd is where data may end.
      let end =
        JSONChanges.numbers(in: header).compactMap { Int(String(decoding: header[$0], as: UTF8.self)) }
        .filter { $0 <= changes.most }.max() ?? data.count
      data = Array(data.prefix(end)) + [UInt8](repeating: 0x3C, count: max(0, end - data.count))
    default: break
    }
    let changed = ContainerParts.little(UInt64(header.count), 8) + header + data
    return changed.count <= changes.most ? changed : bytes
  }
}

/// Changes of JSON that leave most of it JSON.
enum JSONChanges {
  private static let words = [
    "0", "1", "2", "-1", "1e400", "0.5", "-0", "4294967296", "9223372036854775807", "18446744073709551616", "null",
    "true", "[]", "{}", "[0]", "\"\"", "\"F16\"", "\"BF16\"", "\"F32\"", "\"U8\"", "\"I64\"", "\"\\u0000\"",
    "\"\\ud800\"", "\"é\"",
  ].map { Array($0.utf8) }

  /// Changes a number, swaps or doubles values, or changes bytes.
  static func change(_ text: inout [UInt8], _ changes: inout ByteChanges) {
    let numbers = numbers(in: text)
    let values = numbers + strings(in: text)
    guard let value = values.isEmpty ? nil : values[changes.number(below: values.count)] else {
      text = changes.changed(text)
      return
    }
    switch changes.number(below: 8) {
    case 0, 1: text = changes.changed(text)
    case 2...4 where !numbers.isEmpty:
      let number = numbers[changes.number(below: numbers.count)]
      let old = UInt64(String(decoding: text[number], as: UTF8.self)) ?? 0
      text.replaceSubrange(number, with: String(changes.suspect(old)).utf8)
    case 5: text.replaceSubrange(value, with: words[changes.number(below: words.count)])
    case 6: text.replaceSubrange(value, with: Array(text[values[changes.number(below: values.count)]]))
    default: doubleMember(&text, &changes)
    }
  }

  /// Puts what stands between two commas in once more.
  private static func doubleMember(_ text: inout [UInt8], _ changes: inout ByteChanges) {
    let commas = text.indices.filter { text[$0] == UInt8(ascii: ",") }
    guard commas.count > 1 else { return }
    let first = changes.number(below: commas.count - 1)
    let member = Array(text[commas[first]..<commas[first + 1]])
    text.insert(contentsOf: member, at: commas[first])
  }

  /// Runs of digits.
  static func numbers(in text: [UInt8]) -> [Range<Int>] {
    runs(in: text) { (48...57).contains($0) }
  }

  /// What stands between quotation marks, marks included, as far as that can be told without reading it.
  private static func strings(in text: [UInt8]) -> [Range<Int>] {
    let marks = text.indices.filter { text[$0] == UInt8(ascii: "\"") }
    return stride(from: 0, to: marks.count - 1, by: 2).map { marks[$0]..<marks[$0 + 1] + 1 }
  }

  private static func runs(in text: [UInt8], _ belongs: (UInt8) -> Bool) -> [Range<Int>] {
    var runs: [Range<Int>] = []
    var start: Int?
    for (index, byte) in text.enumerated() {
      if belongs(byte) {
        start = start ?? index
      } else if let first = start {
        runs.append(first..<index)
        start = nil
      }
    }
    if let first = start { runs.append(first..<text.count) }
    return runs
  }
}
