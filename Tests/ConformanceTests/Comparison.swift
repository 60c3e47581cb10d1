import CacheCodec
import Foundation
import KVCacheModel
import ReferenceDecoder

@testable import Coding

/// Compares the product's decoding of a file with the second decoder's.
struct Comparison {
  /// The folder of the repository.
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  static let tables = CoefficientTables(
    text: try! String(contentsOf: root.appendingPathComponent("formats/coding.md"), encoding: .utf8))

  /// What differs, in words; empty if nothing does.
  private(set) var differences: [String] = []
  /// Integers that both decoders found.
  private(set) var integers = 0
  /// Elements that came back bit for bit in both.
  private(set) var exact = 0
  /// Elements within the bound of the text, and the largest share of the bound, the rounding to the element type
  /// included, that a region of them took.
  private(set) var bounded = 0
  private(set) var worstShare = 0.0

  /// Decodes the file at `path` twice.
  ///
  /// - Throws: what either decoder throws.
  init(path: String, basis: String? = nil) throws {
    let model = try basis.map { try ModelBasisFile.read($0) }
    let file = try FKVCache(path: path) { _ in model }
    let reference = try ReferenceCache(
      Self.bytes(path), tables: Self.tables,
      basis: basis.map { try ReferenceBasis(Self.bytes($0), tables: Self.tables) })
    compareDescriptions(file, reference)
    guard differences.isEmpty else { return }
    let all = try file.decodeAll()
    for layer in reference.header.layers.indices {
      for kind in CacheKind.allCases {
        let tensor = try reference.tensor(layer, isKey: kind == .key)
        try compare(all.tensor(kind, layer: layer), tensor, "layer \(layer) \(kind.name)s")
      }
    }
  }

  static func bytes(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) }

  private mutating func compareDescriptions(_ file: FKVCache, _ reference: ReferenceCache) {
    let (own, other) = (file.description, reference.header)
    func check(_ holds: Bool, _ what: String) { if !holds { differences.append(what) } }
    check(Int(file.header.profile.rawValue) == other.profile, "profile")
    check(own.tokens.map { $0.map(Int.init) } == reference.tokens, "token ids")
    check(Int(own.keyType.rawValue) == other.keyType.rawValue, "key type")
    check(Int(own.valueType.rawValue) == other.valueType.rawValue, "value type")
    check(file.header.groupSizes == other.groupSizes, "group sizes")
    check(file.header.basisHash == other.basisHash, "basis hash")
    let errors = file.header.storedError.map { $0.errors.layers.joined().map { Float($0).bitPattern } }
    check(errors == other.errors.map { $0.map(\.bitPattern) }, "stored errors")
    check(
      own.geometry.layers.map {
        [$0.kvHeads, $0.queryHeads, $0.headDim, $0.tokens, $0.firstPosition, $0.slidingWindow ?? 0, $0.ropeIndex]
      }
        == other.layers.map {
          [$0.kvHeads, $0.queryHeads, $0.headDim, $0.tokens, $0.firstPosition, $0.slidingWindow ?? 0, $0.ropeIndex]
        }, "geometry")
    check(
      own.ropes.map { [Double($0.pairing.rawValue), Double($0.dimensions), $0.magnitude] + $0.inverseFrequencies }
        == other.ropes.map { [Double($0.pairing), Double($0.dimensions), $0.magnitude] + $0.frequencies }, "RoPEs")
  }

  private mutating func compare(_ found: CacheTensor, _ expected: Tensor, _ place: String) throws {
    let size = expected.element.bytes
    guard found.bytes.count == expected.numbers.count * size else {
      differences.append("\(place): \(found.bytes.count) bytes")
      return
    }
    func bits(_ element: Int) -> UInt64 {
      (0..<size).reduce(0) { $0 | UInt64(found.bytes[element * size + $1]) << UInt64(8 * $1) }
    }
    for (element, stored) in expected.bits.enumerated() {
      guard let stored else { continue }
      exact += 1
      if stored != bits(element) { differences.append("\(place): exact element \(element)") }
    }
    for (number, region) in expected.regions.enumerated() where !region.elements.isEmpty {
      guard let bound = region.bound else { continue }
      let numbers = region.elements.map { expected.numbers[$0] }
      // Beyond the type's range, BF16 and F32 have infinities; where they begin depends on the last bit.
      if expected.element != .f16, numbers.contains(where: { abs($0) + bound > 0.99 * 0x1p128 }) { continue }
      let share = Self.share(
        region.elements.map { expected.element.number(bits($0)) }, numbers, bound: bound, element: expected.element)
      bounded += region.elements.count
      worstShare = max(worstShare, share)
      if !(share <= 1) { differences.append("\(place): region \(number) at \(share) of its bound") }
    }
    for (number, stream) in expected.streams.enumerated() {
      for level in Self.levels {
        let own = try CoefficientCoder.decode(
          stream.coded, rows: stream.rows, rowLength: stream.length, shared: nil, level: level)
        if own.map(Int.init) != stream.integers {
          differences.append("\(place): integers of stream \(number), \(level)")
        }
      }
      integers += stream.integers.count
    }
  }

  /// ‖found − expected‖ as a share of `bound` and the rounding of each element, which is half a unit in the last place
  /// of the element found, and half the smallest subnormal.
  static func share(_ found: [Double], _ expected: [Double], bound: Double, element: Element) -> Double {
    let (relative, least): (Double, Double) =
      switch element {
      case .f16: (0x1p-11, 0x1p-25)
      case .bf16: (0x1p-8, 0x1p-134)
      case .f32: (0x1p-24, 0x1p-150)
      }
    func norm(_ x: some Sequence<Double>) -> Double { x.reduce(0) { $0 + $1 * $1 }.squareRoot() }
    let most = element == .f16 ? 65_504 : Double.infinity
    let error = norm(zip(found, expected).map { $0 - min(max($1, -most), most) })
    let allowed = bound + norm(zip(found, expected).map { relative * max(abs($0), min(abs($1), most)) + least })
    return error == 0 ? 0 : error / allowed
  }

  /// The ways of decoding that this machine has.
  static let levels: [SIMDLevel] = SIMDLevel.available
}
