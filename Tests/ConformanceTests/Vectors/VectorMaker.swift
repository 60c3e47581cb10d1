import CacheCodec
import FKVFormat
import Foundation
import KVCacheModel
import ReferenceDecoder

/// Makes vectors that are not there yet. Those that are there stay as they are, whatever the encoder writes by now: a
/// vector says what files in the world hold, not what today's encoder does.
enum VectorMaker {
  static func makeMissing() throws {
    var rows = try Vectors.rows()
    var decoded: [String] = []
    for kind in ["valid", "invalid"] {
      try FileManager.default.createDirectory(atPath: Vectors.path(kind), withIntermediateDirectories: true)
      for vector in kind == "valid" ? ValidVectors.all() : try InvalidVectors.all() {
        let isBasis = vector.name.hasPrefix("basis-") && vector.basis == nil && vector.sections.hasPrefix("§14")
        let file = "\(kind)/\(vector.name).\(isBasis ? "fkvbasis" : "fkv")"
        guard !rows.contains(where: { $0.file == file }) else { continue }
        let bytes = try vector.make()
        try Data(bytes).write(to: URL(fileURLWithPath: Vectors.path(file)))
        var row = VectorRow(
          file: file, bytes: bytes.count, xxh3: Vectors.hexadecimal(XXH3.hash(bytes)), sections: vector.sections,
          basis: vector.basis.map { "valid/\($0).fkvbasis" })
        if kind == "invalid" {
          guard let refused = productError(file, basis: row.basis) else {
            decoded.append(file)
            try FileManager.default.removeItem(atPath: Vectors.path(file))
            continue
          }
          row.refused = refused
        } else if isBasis {
          row.expected = VectorRow.Expected(profile: 0, layers: [], keyType: 0, valueType: 0)
        } else {
          let (expected, numbers) = try expectation(file, basis: row.basis)
          row.expected = expected
          if let path = expected.numbers { try Data(numbers).write(to: URL(fileURLWithPath: Vectors.path(path))) }
        }
        rows.append(row)
      }
    }
    try Vectors.write(rows)
    guard decoded.isEmpty else { throw Failure(description: "decoded: \(decoded)") }
  }

  struct Failure: Error, CustomStringConvertible { var description: String }

  /// What the second decoder finds in a file, and the bytes of its numbers.
  static func expectation(_ file: String, basis: String?) throws -> (row: VectorRow.Expected, numbers: [UInt8]) {
    let cache = try ReferenceCache(
      Comparison.bytes(Vectors.path(file)), tables: Comparison.tables,
      basis: basis.map { try ReferenceBasis(Comparison.bytes(Vectors.path($0)), tables: Comparison.tables) })
    let header = cache.header
    var row = VectorRow.Expected(
      profile: header.profile,
      layers: header.layers.map {
        [
          $0.kvHeads, $0.queryHeads, $0.headDim, $0.tokens, $0.firstPosition, $0.slidingWindow ?? 0, $0.ropeIndex,
        ]
      }, keyType: header.keyType.rawValue, valueType: header.valueType.rawValue)
    if let tokens = cache.tokens {
      row.tokens = tokens.count
      row.tokensHash = Vectors.hexadecimal(XXH3.hash(tokens.flatMap { little(Int32($0)) }))
    }
    let tensors = try header.layers.indices.flatMap { layer in
      [try cache.tensor(layer, isKey: true), try cache.tensor(layer, isKey: false)]
    }
    if tensors.allSatisfy({ $0.bits.allSatisfy { $0 != nil } }) {
      let bytes = tensors.flatMap { tensor in
        tensor.bits.flatMap { little($0!).prefix(tensor.element.bytes) }
      }
      row.tensorsHash = Vectors.hexadecimal(XXH3.hash(bytes))
      return (row, [])
    }
    var (numbers, square, count, peak) = ([Double](), 0.0, 0, 0.0)
    for tensor in tensors {
      var own = tensor.numbers
      count += own.count
      for region in tensor.regions {
        guard let bound = region.bound else {
          for element in region.elements { own[element] = .nan }
          count -= region.elements.count
          continue
        }
        // What rounding to the element type may add: half a unit in the last place and half the smallest subnormal.
        let rounding = region.elements.map { element -> Double in
          switch tensor.element {
          case .f16: 0x1p-11 * (abs(own[element]) + bound) + 0x1p-25
          case .bf16: 0x1p-8 * (abs(own[element]) + bound) + 0x1p-134
          case .f32: 0x1p-24 * (abs(own[element]) + bound) + 0x1p-150
          }
        }
        let all = bound + rounding.reduce(0) { $0 + $1 * $1 }.squareRoot()
        square += all * all
        peak = max(peak, bound + (rounding.max() ?? 0))
      }
      // An exact NaN or infinity has no distance to anything.
      numbers += own.map { $0.isFinite ? $0 : .nan }
    }
    let bytes = numbers.flatMap { little($0.bitPattern) }
    row.numbers = String(file.prefix { $0 != "." }) + ".f64"
    row.numbersHash = Vectors.hexadecimal(XXH3.hash(bytes))
    row.rmsLimit = (square / Double(max(count, 1))).squareRoot()
    row.peakLimit = peak
    return (row, bytes)
  }

  /// Why the product refuses a file; nil if it decodes it.
  static func productError(_ file: String, basis: String?) -> VectorRow.Refused? {
    do {
      if file.hasSuffix(".fkvbasis") {
        _ = try ModelBasisFile.read(Vectors.path(file))
      } else {
        let model = try basis.map { try ModelBasisFile.read(Vectors.path($0)) }
        _ = try FKVCache(path: Vectors.path(file)) { _ in model }.decodeAll()
      }
      return nil
    } catch {
      return VectorRow.Refused(
        code: (error as? FormatError)?.code.rawValue, error: "\(type(of: error)): \(error)")
    }
  }

  /// Why the second decoder refuses a file; nil if it decodes it.
  static func referenceError(_ file: String, basis: String?) -> Refusal? {
    do {
      let bytes = try Comparison.bytes(Vectors.path(file))
      if file.hasSuffix(".fkvbasis") {
        _ = try ReferenceBasis(bytes, tables: Comparison.tables)
      } else {
        let cache = try ReferenceCache(
          bytes, tables: Comparison.tables,
          basis: basis.map { try ReferenceBasis(Comparison.bytes(Vectors.path($0)), tables: Comparison.tables) })
        for layer in cache.header.layers.indices {
          for isKey in [true, false] { _ = try cache.tensor(layer, isKey: isKey) }
        }
      }
      return nil
    } catch { return (error as? Refusal) ?? Refusal(-1, "\(error)") }
  }
}
