/// Changes of ZIP archives of stored entries: the directory is made right again.
enum ArchiveChanges {
  static func mutated(_ bytes: [UInt8], _ changes: inout ByteChanges) -> [UInt8] {
    guard var entries = entries(of: bytes), !entries.isEmpty, changes.number(below: 6) > 0 else {
      return changes.changed(bytes)
    }
    for _ in 0...changes.number(below: 2) {
      let index = changes.number(below: entries.count)
      switch changes.number(below: 10) {
      case 0: entries[index].name = changes.changed(entries[index].name, most: 64)
      case 1: entries.swapAt(index, changes.number(below: entries.count))
      case 2 where entries.count > 1: entries.remove(at: index)
      case 3: entries[index].content = entries[changes.number(below: entries.count)].content
      default:
        // What is pickled decides what all others are taken for.
        let pickle = entries.firstIndex { $0.name.suffix(4) == Array(".pkl".utf8)[...] } ?? index
        let chosen = changes.number(below: 4) > 0 ? pickle : index
        entries[chosen].content = changes.changed(entries[chosen].content)
      }
    }
    let changed = archive(entries)
    return changed.count <= changes.most ? changed : bytes
  }

  struct Entry {
    var name: [UInt8]
    var content: [UInt8]
  }

  /// The entries of an archive without a comment; nil for anything else.
  static func entries(of bytes: [UInt8]) -> [Entry]? {
    let end = bytes.count - 22
    guard end >= 0, ContainerParts.number(bytes, end, 4) == 0x0605_4B50 else { return nil }
    var place = Int(ContainerParts.number(bytes, end + 16, 4))
    var entries: [Entry] = []
    while place + 46 <= end, ContainerParts.number(bytes, place, 4) == 0x0201_4B50 {
      let (size, header) = (number(bytes, place + 24, 4), number(bytes, place + 42, 4))
      let (name, extra, comment) = (
        number(bytes, place + 28, 2), number(bytes, place + 30, 2), number(bytes, place + 32, 2)
      )
      guard header + 30 <= end, place + 46 + name <= end else { return nil }
      let start = header + 30 + number(bytes, header + 26, 2) + number(bytes, header + 28, 2)
      guard size <= end, start + size <= end else { return nil }
      entries.append(
        Entry(name: Array(bytes[place + 46..<place + 46 + name]), content: Array(bytes[start..<start + size])))
      place += 46 + name + extra + comment
    }
    return entries
  }

  /// An archive of stored entries, as small as it can be.
  static func archive(_ entries: [Entry]) -> [UInt8] {
    var (bytes, directory) = ([UInt8](), [UInt8]())
    for entry in entries {
      let size = ContainerParts.little(UInt64(entry.content.count), 4)
      let common =
        [UInt8](repeating: 0, count: 12) + size + size + ContainerParts.little(UInt64(entry.name.count), 2) + [0, 0]
      directory += [0x50, 0x4B, 1, 2, 20, 0, 20, 0] + common + [UInt8](repeating: 0, count: 10)
      directory += ContainerParts.little(UInt64(bytes.count), 4) + entry.name
      bytes += [0x50, 0x4B, 3, 4, 20, 0] + common + entry.name + entry.content
    }
    let count = ContainerParts.little(UInt64(entries.count), 2)
    return bytes + directory + [0x50, 0x4B, 5, 6, 0, 0, 0, 0] + count + count
      + ContainerParts.little(UInt64(directory.count), 4) + ContainerParts.little(UInt64(bytes.count), 4) + [0, 0]
  }

  private static func number(_ bytes: [UInt8], _ place: Int, _ count: Int) -> Int {
    place + count <= bytes.count ? Int(ContainerParts.number(bytes, place, count)) : 0
  }
}
