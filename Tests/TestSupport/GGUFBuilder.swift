import Foundation

/// Puts together the bytes of small GGUF files, right ones and wrong ones.
public struct GGUFBuilder {
  public var magic = Array("GGUF".utf8)
  public var version: UInt32 = 3
  /// Overrides what the header says of the number of entries.
  public var declaredTensors: UInt64?
  public var declaredMetadata: UInt64?
  public var alignment = 32
  private var metadata: [[UInt8]] = []
  private var tensors: [[UInt8]] = []
  private var data: [UInt8] = []

  public init() {}

  public mutating func add(_ key: String, _ value: String) { entry(key, 8, Self.string(value)) }
  public mutating func add(_ key: String, _ value: UInt32) { entry(key, 4, Self.little(value)) }
  public mutating func add(_ key: String, _ value: Int16) { entry(key, 3, Self.little(value)) }
  public mutating func add(_ key: String, _ value: Float) { entry(key, 6, Self.little(value.bitPattern)) }
  public mutating func add(_ key: String, _ value: Bool) { entry(key, 7, [value ? 1 : 0]) }
  public mutating func add(_ key: String, _ values: [String]) {
    entry(key, 9, Self.little(UInt32(8)) + Self.little(UInt64(values.count)) + values.flatMap(Self.string))
  }
  public mutating func add(_ key: String, _ values: [Int32]) {
    entry(key, 9, Self.little(UInt32(5)) + Self.little(UInt64(values.count)) + values.flatMap { Self.little($0) })
  }

  /// A metadata entry of any type code and bytes.
  public mutating func entry(_ key: String, _ type: UInt32, _ value: [UInt8]) {
    metadata.append(Self.string(key) + Self.little(type) + value)
  }

  /// An F32 tensor, its data aligned after that of the tensors before it.
  /// `sizes` are its dimensions, innermost first; nil for one.
  public mutating func addTensor(_ name: String, _ values: [Float], sizes: [Int]? = nil) {
    directory(name, (sizes ?? [values.count]).map(UInt64.init), 0, UInt64(data.count))
    data += values.flatMap { Self.little($0.bitPattern) }
    data += [UInt8](repeating: 0, count: (alignment - data.count % alignment) % alignment)
  }

  /// A directory entry without data.
  public mutating func directory(_ name: String, _ dimensions: [UInt64], _ type: UInt32, _ offset: UInt64) {
    tensors.append(
      Self.string(name) + Self.little(UInt32(dimensions.count)) + dimensions.flatMap { Self.little($0) }
        + Self.little(type) + Self.little(offset))
  }

  /// The whole file.
  public var bytes: [UInt8] {
    var bytes = magic + Self.little(version)
    bytes += Self.little(declaredTensors ?? UInt64(tensors.count))
    bytes += Self.little(declaredMetadata ?? UInt64(metadata.count))
    bytes += metadata.joined()
    bytes += tensors.joined()
    guard !data.isEmpty else { return bytes }
    bytes += [UInt8](repeating: 0, count: (alignment - bytes.count % alignment) % alignment)
    return bytes + data
  }

  /// Writes the file and gives its path back.
  public func write(to path: String) -> String {
    try! Data(bytes).write(to: URL(fileURLWithPath: path))
    return path
  }

  public static func little(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }

  private static func string(_ text: String) -> [UInt8] { little(UInt64(text.utf8.count)) + Array(text.utf8) }
}
