/// Appends little-endian numbers to bytes.
struct BaselineWriter {
  private(set) var bytes: [UInt8] = []

  mutating func add(_ more: some Sequence<UInt8>) { bytes.append(contentsOf: more) }

  mutating func add(_ number: some FixedWidthInteger) {
    withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
  }

  /// The number of binary16 that is nearest.
  mutating func addHalf(_ value: Float) { add(Float16(value).bitPattern) }
}
