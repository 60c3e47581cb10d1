extension SafetensorsHeader {
  /// The entries in the order of their data, checked: every shape fills its offsets, each tensor begins where the one
  /// before it ends, the first at 0, and the last ends with the file's `dataBytes`.
  func entriesInOrder(dataBytes: Int) throws(SafetensorsError) -> [Entry] {
    for entry in entries {
      guard let needed = entry.dataType.byteCount(shape: entry.shape) else {
        throw .shapeTooLarge(path: path, tensor: entry.name, shape: entry.shape)
      }
      guard entry.begin <= entry.end else {
        throw .reversedOffsets(path: path, tensor: entry.name, begin: entry.begin, end: entry.end)
      }
      guard needed == entry.end - entry.begin else {
        throw .byteCount(
          path: path, tensor: entry.name, declared: entry.end - entry.begin, needed: needed)
      }
    }
    let order = entries.indices.sorted {
      (entries[$0].begin, entries[$0].end, $0) < (entries[$1].begin, entries[$1].end, $1)
    }
    var end = 0
    for index in order {
      let entry = entries[index]
      guard entry.begin == end else {
        throw .notContiguous(path: path, tensor: entry.name, expected: end, found: entry.begin)
      }
      end = entry.end
    }
    guard end == dataBytes else {
      let (declared, overflow) = end.addingReportingOverflow(headerBytes)
      throw .fileLength(
        path: path, declared: overflow ? Int.max : declared, found: headerBytes + dataBytes)
    }
    return order.map { entries[$0] }
  }
}
