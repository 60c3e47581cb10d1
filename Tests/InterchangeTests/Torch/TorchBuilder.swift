@testable import Interchange

/// ZIP archives and pickles put together by hand, right or wrong.
enum TorchBuilder {
  /// An archive of stored entries. `shift` is added to what the directory says of where each entry lies.
  static func archive(
    _ entries: [(String, [UInt8])], method: UInt16 = 0, flags: UInt16 = 0, shift: Int = 0, comment: [UInt8] = []
  ) -> [UInt8] {
    var bytes: [UInt8] = []
    var directory: [UInt8] = []
    for (name, content) in entries {
      let header = bytes.count
      let sizes = word(UInt32(0)) + word(UInt32(content.count)) + word(UInt32(content.count))
      let common =
        word(flags) + word(method) + word(UInt32(0)) + sizes + word(UInt16(name.utf8.count)) + word(UInt16(0))
      bytes += [0x50, 0x4B, 3, 4] + word(UInt16(20)) + common + Array(name.utf8) + content
      directory += [0x50, 0x4B, 1, 2] + word(UInt16(20)) + word(UInt16(20)) + common + [UInt8](repeating: 0, count: 10)
      directory += word(UInt32(truncatingIfNeeded: header + shift)) + Array(name.utf8)
    }
    let start = bytes.count
    bytes += directory + [0x50, 0x4B, 5, 6, 0, 0, 0, 0] + word(UInt16(entries.count)) + word(UInt16(entries.count))
    return bytes + word(UInt32(directory.count)) + word(UInt32(start)) + word(UInt16(comment.count)) + comment
  }

  static func word<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian, Array.init)
  }

  // MARK: Pickle parts

  static let stop: [UInt8] = Array(".".utf8)
  static let proto: [UInt8] = [0x80, 2]

  static func global(_ name: String) -> [UInt8] { Array("c\(name.replacing(" ", with: "\n"))\n".utf8) }
  static func text(_ text: String) -> [UInt8] { [0x58] + word(UInt32(text.utf8.count)) + Array(text.utf8) }
  static func integer(_ value: Int) -> [UInt8] { [0x8A, 8] + word(Int64(value)) }
  static func tuple(_ parts: [UInt8]...) -> [UInt8] { Array("(".utf8) + parts.flatMap { $0 } + Array("t".utf8) }
  static func integers(_ values: [Int]) -> [UInt8] { Array("(".utf8) + values.flatMap(integer) + Array("t".utf8) }

  static func tensor(
    _ type: String = "HalfStorage", key: String = "0", count: Int = 24, offset: Int = 0, shape: [Int] = [1, 2, 3, 4],
    strides: [Int] = [24, 12, 4, 1]
  ) -> [UInt8] {
    let storage = tuple(text("storage"), global("torch \(type)"), text(key), text("cpu"), integer(count)) + [0x51]
    let hooks = global("collections OrderedDict") + Array(")R".utf8)
    return global("torch._utils _rebuild_tensor_v2")
      + tuple(storage, integer(offset), integers(shape), integers(strides), [0x89], hooks) + Array("R".utf8)
  }

  /// A torch archive of one layer whose keys and values are the tensors given.
  static func cache(
    _ key: [UInt8] = tensor(), _ value: [UInt8] = tensor(), storage: [UInt8] = [UInt8](repeating: 0, count: 48),
    others: [(String, [UInt8])] = []
  ) -> [UInt8] {
    archive([("a/data.pkl", proto + tuple(tuple(key, value)) + stop), ("a/data/0", storage)] + others)
  }

  /// A torch archive with that pickle.
  static func archive(pickle: [UInt8]) -> [UInt8] { archive([("a/data.pkl", pickle)]) }
}
