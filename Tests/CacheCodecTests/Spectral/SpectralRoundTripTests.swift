import FKVFormat
import FileIO
import Foundation
import KVCacheModel
import TestSupport
import Testing

@testable import CacheCodec

@Suite struct SpectralRoundTripTests {
  private let scratch = ScratchFolder()

  struct Case: CustomTestStringConvertible, Sendable {
    var name: String
    var parameters: SpectralParameters
    var testDescription: String { name }
  }

  static let cases = [
    Case(name: "default", parameters: SpectralCases.parameters()),
    Case(name: "no basis", parameters: SpectralCases.parameters(basis: .none)),
    Case(name: "single layers", parameters: SpectralCases.parameters(group: 1)),
    Case(name: "pairs", parameters: SpectralCases.parameters(group: 2)),
    Case(name: "all layers", parameters: SpectralCases.parameters(group: 3)),
    Case(name: "blocks of 1", parameters: SpectralCases.parameters(block: 1, sinks: 0, window: 0)),
    Case(name: "blocks of 5", parameters: SpectralCases.parameters(block: 5, sinks: 3, window: 7, segment: 10)),
    Case(name: "blocks of 64", parameters: SpectralCases.parameters(block: 64)),
    Case(name: "lossless window", parameters: SpectralCases.parameters(window: 9, coding: .lossless)),
    Case(name: "exact features", parameters: SpectralCases.parameters(window: 12, exact: 0.3)),
    Case(name: "all features exact", parameters: SpectralCases.parameters(exact: 1)),
    Case(name: "weighted", parameters: SpectralCases.parameters(block: 4, window: 4, weighted: true)),
    Case(name: "coarse", parameters: SpectralCases.parameters(.step(3))),
    Case(name: "all sinks", parameters: SpectralCases.parameters(sinks: 1000)),
  ]

  private func encode(_ cache: MemoryCache, _ parameters: SpectralParameters, name: String = "c.fkv", width: Int = 2)
    throws -> CacheEncoder.Outcome
  {
    var encoder = CacheEncoder(.spectral(parameters), writer: "test")
    encoder.width = width
    return try encoder.encode(cache, to: scratch.file(name))
  }

  private func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: scratch.file(name))))
  }

  /// The file says what the cache is, decodes in every way to the same, and to what the second decoder finds.
  private func check(_ cache: MemoryCache, _ parameters: SpectralParameters) throws {
    let outcome = try encode(cache, parameters)
    let file = try FKVCache(path: scratch.file("c.fkv"))
    #expect(file.reader.fileBytes == outcome.fileBytes && file.header.storedError == outcome.storedError)
    var expected = cache.description
    expected.probeQueries = 0
    #expect(file.description == expected)
    #expect(try file.reader.verifyAll() == [])
    let all = try file.decodeAll()
    for (layer, shape) in cache.description.geometry.layers.enumerated() {
      for kind in CacheKind.allCases {
        let found = try file.tensor(kind, layer: layer)
        #expect(found == all.tensor(kind, layer: layer))
        guard shape.tokens > 0 else {
          #expect(found == cache.tensor(kind, layer: layer))
          continue
        }
        let exact = try expectAsSpecified(file, kind, layer, found)
        let original = cache.tensor(kind, layer: layer)
        // What is exact is so bit for bit.
        let size = shape.headDim * original.elementType.byteCount
        for head in 0..<shape.kvHeads {
          for row in exact.rows {
            let place = (head * shape.tokens + row) * size
            #expect(found.bytes[place..<place + size] == original.bytes[place..<place + size])
          }
        }
        for feature in exact.features {
          let columns = FeatureColumns(tokens: shape.tokens, headDim: shape.headDim)
          func column(_ tensor: CacheTensor) -> [UInt8] {
            columns.gatherBytes(
              tensor.bytes, elementSize: original.elementType.byteCount, features: [feature], over: 0..<shape.tokens)
          }
          #expect(column(found) == column(original))
        }
        let plan = SegmentPlan(parameters, tokens: shape.tokens)
        #expect(exact.rows == plan.exact.flatMap { Array($0) })
        #expect(exact.features.count == Int(parameters.exactFraction * Double(shape.features)))
      }
    }
  }

  /// Compares with the second decoder, by the bound of formats/fkv.md §13.4 and the element type's rounding; returns the
  /// rows and features that are exact.
  private func expectAsSpecified(
    _ file: FKVCache, _ kind: CacheKind, _ layer: Int, _ found: CacheTensor
  ) throws -> (rows: [Int], features: [Int]) {
    let decoded = try SpectralReferenceDecoder(file: file).decode(kind, layer: layer)
    let numbers = found.floats()
    let (t, d) = (found.tokens, found.headDim)
    // Half a unit in the last place relative to the number, and half the smallest subnormal.
    let rounding: (Double, Double) =
      switch found.elementType {
      case .float16: (0x1p-11, 0x1p-25)
      case .bfloat16: (0x1p-8, 0x1p-134)
      case .float32: (0x1p-24, 0x1p-150)
      }
    var rows = Set(0..<t)
    for (range, bounds) in decoded.bounds {
      rows.subtract(range)
      for (head, bound) in bounds.enumerated() {
        let places = range.flatMap { row in (0..<d).map { (head * t + row) * d + $0 } }
          .filter { !decoded.exactFeatures.contains($0 / (t * d) * d + $0 % d) }
        let error = norm(places.map { Double(numbers[$0]) - decoded.numbers[$0] })
        let last = norm(
          places.map { rounding.0 * max(abs(Double(numbers[$0])), abs(decoded.numbers[$0])) + rounding.1 })
        #expect(error <= bound + last, "layer \(layer) \(kind.name)s head \(head) rows \(range)")
      }
    }
    return (rows.sorted(), decoded.exactFeatures)
  }

  @Test(arguments: cases) func cachesComeBack(of test: Case) throws {
    for tokens in [0, 1, 2, 5, 17, 33, 100] {
      try check(SyntheticCache.make(layers: 3, kvHeads: 2, groupSize: 1, tokens: tokens, headDim: 5), test.parameters)
    }
  }

  @Test(arguments: ElementType.allCases) func elementTypes(type: ElementType) throws {
    for (heads, group, dims) in [(1, 1, 1), (3, 2, 7), (2, 1, 8)] {
      for pairing in RotaryEmbedding.Pairing.allCases {
        try check(
          SyntheticCache.make(
            layers: 2, kvHeads: heads, groupSize: group, tokens: 40, headDim: dims, elementType: type,
            valueType: type == .float32 ? .float16 : nil, pairing: pairing),
          SpectralCases.parameters(exact: 0.2))
      }
    }
  }

  /// Layers of one window do not group with those of none, and keep the positions of their own first tokens.
  @Test(arguments: [1, 4, 30, 60]) func slidingWindows(window: Int) throws {
    let cache = SyntheticCache.make(layers: 4, tokens: 50, headDim: 6, slidingWindow: window)
    try check(cache, SpectralCases.parameters())
    #expect(try FKVCache(path: scratch.file("c.fkv")).layerGroups == [0..<1, 1..<2, 2..<3, 3..<4])
  }

  @Test func withoutProbeQueries() throws {
    let cache = SyntheticCache.make(tokens: 60, probe: 0)
    try check(cache, SpectralCases.parameters(weighted: true))
    #expect(try FKVCache(path: scratch.file("c.fkv")).header.storedError == nil)
    let found = #expect(throws: CodecError.self) { try encode(cache, SpectralCases.parameters(.targetError(0.1))) }
    #expect(
      found
        == .unsuitable("the cache holds no probe queries, so no attention error can be met; use a ratio or a step"))
  }

  @Test func theBytesAreTheSameWhateverTheWidth() throws {
    let cache = SyntheticCache.make(layers: 5, tokens: 90, headDim: 8)
    for (index, parameters) in [
      SpectralCases.parameters(group: 2, weighted: true), SpectralCases.parameters(.targetError(0.05), group: 1),
      SpectralCases.parameters(.ratio(4)),
    ].enumerated() {
      let names = [1, 8, 8].enumerated().map { (number, width) in ("\(index)-\(number).fkv", width) }
      for (name, width) in names { _ = try encode(cache, parameters, name: name, width: width) }
      let first = try bytes(names[0].0)
      #expect(try bytes(names[1].0) == first && bytes(names[2].0) == first)
    }
  }

  /// A part of the rows is what it is in the whole; the others are 0, except for exact ones.
  @Test func partsOfTheTokens() throws {
    let cache = SyntheticCache.make(layers: 2, tokens: 100, headDim: 4)
    _ = try encode(cache, SpectralCases.parameters(sinks: 4, window: 0, segment: 16))
    let file = try FKVCache(path: scratch.file("c.fkv"))
    for rows in [0..<1, 4..<5, 19..<21, 60..<100, 0..<100] {
      for kind in CacheKind.allCases {
        let whole = try file.tensor(kind, layer: 1).floats()
        let part = try file.tensor(kind, layer: 1, rows: rows).floats()
        let read = (0..<100).filter { row in
          let start = row < 4 ? 0 : 4 + (row - 4) / 16 * 16
          return row < 4 || rows.overlaps(start..<min(start + 16, 100))
        }
        for head in 0..<2 {
          for row in 0..<100 {
            let places = (head * 100 + row) * 4..<(head * 100 + row + 1) * 4
            #expect(read.contains(row) ? part[places] == whole[places] : part[places].allSatisfy { $0 == 0 })
          }
        }
      }
    }
  }

  @Test func summaries() throws {
    _ = try encode(SyntheticCache.make(layers: 3, tokens: 200), SpectralCases.parameters(group: 2))
    let file = try FKVCache(path: scratch.file("c.fkv"))
    #expect(file.layerGroups == [0..<2, 2..<3])
    for group in 0..<2 {
      for kind in CacheKind.allCases {
        let summary = try file.summary(kind, group: group)
        let layer = file.layerGroups[group].lowerBound
        let sections =
          [file.reader.section(.spectralFrame(kind), layer: layer)!]
          + file.reader.sections(.spectralSegment(kind), layer: layer)
        #expect(summary.fileBytes == sections.reduce(0) { $0 + $1.fileBytes })
        #expect(summary.step == 0.1 && summary.exactFeatures == 0 && summary.states > 0)
        // Prefixes, heads, weights and means, one range of sinks.
        let layers = group == 0 ? 2 : 1
        let framing = sections.count * 48 + 40 + layers * (4 * 2 + 2 * 32) + 8 + (sections.count - 1) * 32
        #expect(summary.fileBytes - summary.parts.reduce(0) { $0 + $1.bytes } == framing)
      }
    }
  }

  /// NaNs and infinities cannot be transformed; among exact tokens they come back.
  @Test(arguments: [BasisSource.embedded, .none]) func numbersThatAreNone(basis: BasisSource) throws {
    for bad: Float in [.nan, .infinity, -.infinity] {
      for row in [1, 30] {
        var cache = SyntheticCache.make(layers: 2, tokens: 40, headDim: 4)
        var numbers = cache.values[1].floats()
        numbers[row * 4 + 2] = bad
        cache.values[1] = CacheTensor(
          values: numbers, kvHeads: 2, tokens: 40, headDim: 4, elementType: .float16)
        for rate in [SpectralParameters.Rate.step(0.1), .targetError(0.1)] {
          let parameters = SpectralCases.parameters(rate, basis: basis, group: 1)
          if row == 30 {
            let error = CodecError.unsuitable(
              "layers 1..<2 hold a NaN or infinity among their values; only profile lossless takes those")
            #expect(throws: error) { try encode(cache, parameters) }
          } else if case .step = rate {
            _ = try encode(cache, parameters)
            let found = try FKVCache(path: scratch.file("c.fkv")).tensor(.value, layer: 1)
            #expect(found.bytes[8..<16] == cache.values[1].bytes[8..<16])
          } else if bad.isNaN {
            // Attention over a NaN is NaN: no target is met, and nothing is written.
            #expect(throws: CodecError.self) { try encode(cache, parameters, name: "none.fkv") }
          }
        }
      }
    }
    #expect(!scratch.names.contains("none.fkv"))
  }

  @Test func aGroupThatIsTooWide() {
    let cache = SyntheticCache.make(layers: 1, kvHeads: 1, groupSize: 1, tokens: 1, headDim: 16_385)
    #expect(throws: CodecError.unsuitable("layer 0 has 16385 features, allowed are 16384 in a group")) {
      try encode(cache, SpectralCases.parameters())
    }
    #expect(scratch.names == [])
  }
}
