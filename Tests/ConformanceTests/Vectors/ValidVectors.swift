import CacheCodec
import Foundation
import KVCacheModel
import TestSupport

/// A file to be made.
struct VectorCase {
  var name: String
  /// Sections of formats/fkv.md that it is about.
  var sections: String
  /// The name of the basis file that it needs, among the valid ones.
  var basis: String?
  var make: () throws -> [UInt8]
}

/// Files that every reader must decode.
enum ValidVectors {
  private typealias Method = CacheEncoder.Method

  static func all() -> [VectorCase] { lossless() + fourier() + spectral() + bases() + exactRows() }

  static func cache(
    layers: Int = 2, heads: Int = 1, group: Int = 2, tokens: Int = 21, dims: Int = 4, probe: Int = 2,
    _ type: ElementType = .float16, value: ElementType? = nil, pairing: RotaryEmbedding.Pairing = .halfSplit,
    window: Int? = nil, withTokens: Bool = true
  ) -> MemoryCache {
    SyntheticCache.make(
      layers: layers, kvHeads: heads, groupSize: group, tokens: tokens, headDim: dims, probe: probe, seed: 20,
      elementType: type, valueType: value, pairing: pairing, slidingWindow: window, withTokens: withTokens)
  }

  /// The file that the product writes, extended at `cuts`, and changed.
  static func file(
    _ cache: MemoryCache, _ method: CacheEncoder.Method, cuts: [Int] = [], basis: ModelBasis? = nil,
    _ edit: (inout EditableFile) throws -> Void = { _ in }
  ) throws -> [UInt8] {
    let scratch = ScratchFolder()
    let path = scratch.file("v.fkv")
    var encoder = CacheEncoder(method, writer: "fkv vectors")
    encoder.basis = basis
    let ends = cuts + [cache.description.geometry.endPosition]
    _ = try encoder.encode(cuts.isEmpty ? cache : cache.positions(0..<ends[0]), to: path)
    for (start, end) in zip(ends, ends.dropFirst()) {
      _ = try CacheExtender(FKVCache(path: path), with: cache.positions(start..<end), writer: "fkv vectors")
        .write(to: path)
    }
    var file = try EditableFile(Comparison.bytes(path))
    try edit(&file)
    return file.bytes
  }

  static func fourier(
    sinks: Int = 2, window: Int = 4, states: Int = 6, fraction: Double = 0.5, period: Int? = nil,
    _ reconstruction: FourierReconstruction = .projection, _ type: ElementType = .float16
  ) -> CacheEncoder.Method {
    var parameters = FourierParameters()
    (parameters.sinks, parameters.window, parameters.states) = (sinks, window, states)
    (parameters.keyFraction, parameters.valueFraction) = (fraction, fraction)
    (parameters.period, parameters.reconstruction, parameters.coefficientType) = (period, reconstruction, type)
    return .fourier(parameters)
  }

  static func spectral(
    step: Double = 0.1, _ basis: BasisSource = .embedded, group: Int? = nil, block: Int = 4, segment: Int? = nil,
    sinks: Int = 2, window: Int? = 4, _ coding: SpectralParameters.WindowCoding = .fine, exact: Double = 0,
    weighted: Bool = false
  ) -> CacheEncoder.Method {
    var parameters = SpectralParameters()
    parameters.rate = .step(step)
    (parameters.basis, parameters.groupLayers) = (basis, group)
    (parameters.blockLength, parameters.segmentTokens) = (block, segment ?? 2 * block)
    (parameters.sinks, parameters.window, parameters.windowCoding) = (sinks, window, coding)
    (parameters.exactFraction, parameters.weightsValuesByAttention) = (exact, weighted)
    return .spectral(parameters)
  }

  private static func lossless() -> [VectorCase] {
    func vector(
      _ name: String, _ sections: String = "§8", _ cache: @autoclosure @escaping () -> MemoryCache = cache(tokens: 7),
      cuts: [Int] = [], _ edit: @escaping (inout EditableFile) throws -> Void = { _ in }
    ) -> VectorCase {
      VectorCase(name: "lossless-\(name)", sections: sections) {
        try file(cache(), .lossless, cuts: cuts, edit)
      }
    }
    var any = cache(tokens: 7, .float32)
    var generator = RepeatableGenerator(seed: 77)
    for layer in any.keys.indices {
      for i in any.keys[layer].bytes.indices { any.keys[layer].bytes[i] = UInt8.random(in: 0...255, using: &generator) }
    }
    // Exponents that are alike, fractions that are noise: a plane for the entropy coder; constants: one for LZ4.
    var long = cache(layers: 1, tokens: 1500, dims: 1, probe: 0, withTokens: false)
    for t in 0..<1500 {
      long.keys[0].bytes[2 * t + 1] = [0x3C, 0x3C, 0x3D, 0xBC, 0xBD, 0x40].randomElement(using: &generator)!
      long.values[0].bytes[2 * t + 1] = 0x3C
    }
    let (rough, ofPlanes) = (any, long)
    var capped = cache(tokens: 5)
    capped.description.attentionSoftcap = 50
    let softcap = capped
    var shifted = cache(tokens: 6, probe: 0)
    for layer in 0..<2 { shifted.description.geometry.layers[layer].firstPosition = 3 }
    shifted.description.tokens = (0..<9).map { 100 + $0 }
    let late = shifted
    return [
      vector("f16"), vector("bf16", "§6.6 §8", cache(tokens: 7, .bfloat16)),
      vector("f32", "§6.6 §8", cache(tokens: 7, .float32)),
      vector("f32-keys-bf16-values", "§6.1 §6.6", cache(tokens: 7, .float32, value: .bfloat16)),
      vector("any-bits", "§6.7 §8", rough), vector("no-tokens", "§7", cache(tokens: 0)),
      vector("one-token", "§8", cache(tokens: 1)), vector("one-layer", "§6.3", cache(layers: 1, heads: 1, group: 1)),
      vector("odd-dimensions", "§6.3 §8", cache(heads: 3, group: 3, tokens: 5, dims: 7)),
      vector("sliding-window", "§6.3", cache(layers: 3, tokens: 9, window: 4)),
      vector("extended-twice", "§8", cache(tokens: 13), cuts: [6, 7]),
      vector("plane-methods", "§7.2", ofPlanes), vector("without-ids", "§7.1", cache(tokens: 7, withTokens: false)),
      vector("without-stored-error", "§6.5", cache(tokens: 7, probe: 0)), vector("softcap", "§6.1", softcap),
      vector("sections-in-any-order", "§7") { $0.sections.reverse() },
      vector("optional-unknown-section", "§4.3 §7") { file in
        file.sections.append(
          EditableFile.Part(kind: 0x7F33, flags: 0, layer: 5, rawBytes: 9, payload: [1, 2, 3]))
      },
      vector("section-of-another-profile", "§7") { file in
        file.sections.append(EditableFile.Part(kind: 50, layer: 0, rawBytes: 9, payload: [1, 2, 3]))
      },
      vector("unused-flags-and-features", "§2.2 §3.2 §4.3 §5.2") { file in
        file.optionalFeatures = 0x8000_0001
        for i in file.sections.indices { file.sections[i].flags |= 0xA500 }
        for i in file.header.fields.indices { file.header.fields[i].flags |= 0x5A00 }
      },
      vector("optional-unknown-fields", "§5.2 §6.1") { file in
        file.header[0x0004] = [9, 9]
        file.header[0x7F00] = []
        file.header.edit(0x0020) { $0[0x7001] = [1] }
      },
      vector("last-of-equal-provenance", "§6.1") { file in
        file.header.fields.append(EditableRecord.Field(tag: 0x40, payload: Array("generator=another=one".utf8)))
      },
      vector("token-count-0-for-all", "§8") { file in
        for i in file.sections.indices where file.sections[i].kind == 16 {
          (file.sections[i].firstToken, file.sections[i].tokenCount) = (0, 0)
        }
      },
      vector("more-ids-than-tokens", "§7.1", late),
    ]
  }

  private static func fourier() -> [VectorCase] {
    func vector(
      _ name: String, _ sections: String = "§9", _ cache: @autoclosure @escaping () -> MemoryCache = cache(),
      _ method: CacheEncoder.Method = fourier(), cuts: [Int] = [],
      _ edit: @escaping (inout EditableFile) throws -> Void = { _ in }
    ) -> VectorCase {
      VectorCase(name: "fourier-\(name)", sections: sections) { try file(cache(), method, cuts: cuts, edit) }
    }
    return [
      vector("f16"), vector("bf16", "§6.6 §9", cache(.bfloat16)), vector("f32", "§6.6 §9", cache(.float32)),
      vector("f32-coefficients", "§9.2", cache(), fourier(.projection, .float32)),
      vector("published", "§9.3", cache(), fourier(.published)),
      vector("published-f32", "§9.3", cache(.float32), fourier(.published, .float32)),
      vector("all-features-exact", "§9.2", cache(), fourier(fraction: 0)),
      vector("all-features-spectral", "§9.2", cache(), fourier(fraction: 1)),
      vector("no-edges", "§9.1", cache(), fourier(sinks: 0, window: 0)),
      vector("no-middle", "§9.1", cache(tokens: 5), fourier(sinks: 4, window: 4)),
      vector("one-token-middle", "§9.3", cache(tokens: 7), fourier(states: 2, fraction: 1)),
      vector("all-frequencies-of-an-even-period", "§9.3", cache(tokens: 22), fourier(states: 18, fraction: 1)),
      vector("all-frequencies-of-an-odd-period", "§9.3", cache(tokens: 21), fourier(states: 16, fraction: 1)),
      vector("period-beyond-the-middle", "§9.3", cache(), fourier(period: 37)),
      vector("extended", "§9.5", cache(tokens: 24), fourier(period: 40), cuts: [15]),
      vector("no-tokens", "§7", cache(tokens: 0)), vector("one-token", "§9.1", cache(tokens: 1)),
      vector("odd-dimensions", "§9.2", cache(heads: 3, tokens: 15, dims: 3)),
      vector("sliding-window", "§6.3 §9", cache(layers: 3, window: 12)),
      vector("coefficient-without-a-number", "§9.3", cache(layers: 1), fourier(.published)) { file in
        // The first scale of the keys.
        file[32, 0].payload = put(UInt32(0x7FC0_0000), 57, in: file[32, 0].payload)
      },
    ]
  }

  private static func spectral() -> [VectorCase] {
    func vector(
      _ name: String, _ sections: String = "§13", _ cache: @autoclosure @escaping () -> MemoryCache = cache(),
      _ method: CacheEncoder.Method = spectral(), cuts: [Int] = [],
      _ edit: @escaping (inout EditableFile) throws -> Void = { _ in }
    ) -> VectorCase {
      VectorCase(name: "spectral-\(name)", sections: sections) { try file(cache(), method, cuts: cuts, edit) }
    }
    func scaled() -> MemoryCache {
      var cache = cache(dims: 6)
      cache.description.ropes[0].dimensions = 4
      cache.description.ropes[0].inverseFrequencies = [0.5, 0.003]
      cache.description.ropes[0].magnitude = 1.1386
      cache.description.ropes[0].scaling = "yarn"
      return cache
    }
    func far() -> MemoryCache {
      var cache = cache(probe: 0, withTokens: false)
      for layer in 0..<2 { cache.description.geometry.layers[layer].firstPosition = 1_000_000 }
      return cache
    }
    return [
      vector("f16"), vector("bf16", "§6.6 §13.4", cache(.bfloat16)), vector("f32", "§6.6 §13.4", cache(.float32)),
      vector("f32-keys-f16-values", "§6.1", cache(.float32, value: .float16)),
      vector("no-basis", "§13.2", cache(), spectral(.none)),
      vector("rope-interleaved", "§6.4", cache(pairing: .interleaved)),
      vector("rope-none", "§6.4", cache(pairing: .none)), vector("rope-partial-and-scaled", "§6.4 §13.4", scaled()),
      vector("positions-from-a-million", "§6.3 §13.4", far()),
      vector("groups-of-one-layer", "§13.1", cache(layers: 3), spectral(group: 1)),
      vector("groups-of-two-and-one", "§13.1", cache(layers: 3), spectral(group: 2)),
      vector("blocks-of-1", "§13.3", cache(), spectral(block: 1, segment: 7)),
      vector("blocks-of-5", "§13.3", cache(), spectral(block: 5)),
      vector("blocks-of-40", "§13.3", cache(), spectral(block: 40)),
      vector("lossless-window", "§13.2", cache(), spectral(window: 9, .lossless)),
      vector("no-sinks-no-window", "§13.2", cache(), spectral(sinks: 0, window: 0)),
      vector("everything-exact", "§13.2", cache(), spectral(sinks: 100)),
      vector("exact-features", "§13.3", cache(), spectral(exact: 0.3)),
      vector("all-features-exact", "§13.3", cache(), spectral(exact: 1)),
      vector("block-codes", "§13.4", cache(), spectral(weighted: true)),
      vector("coarse", "§13.3", cache(), spectral(step: 30)),
      vector("fine-with-low-bits", "§13.3", cache(), spectral(step: 0.0005)),
      vector("no-tokens", "§13.1", cache(tokens: 0)), vector("one-token", "§13.2", cache(tokens: 1)),
      vector("three-tokens", "§13.2", cache(tokens: 3)), vector("one-layer", "§13.1", cache(layers: 1, group: 1)),
      vector("odd-dimensions", "§6.3 §13", cache(heads: 3, group: 1, dims: 5)),
      vector("one-dimension", "§13.2.1", cache(layers: 1, group: 1, dims: 1)),
      vector("sliding-window", "§13.1", cache(layers: 4, window: 10)),
      vector("extended", "§13.6", cache(tokens: 30), cuts: [21]),
      vector("segments-in-any-order", "§13.1") { file in
        file.sections.reverse()
        for i in file.sections.indices where file.sections[i].kind == 50 { file.sections[i].index += 7 }
      },
    ]
  }

  private static func bases() -> [VectorCase] {
    func learned(groups: Int?) throws -> ModelBasis {
      var calibrator = BasisCalibrator()
      calibrator.groupLayers = groups
      calibrator.finestError = 0.03
      for seed in 1...2 as ClosedRange<UInt64> {
        try calibrator.add(
          SyntheticCache.make(layers: 2, kvHeads: 1, groupSize: 2, tokens: 40, headDim: 4, probe: 2, seed: seed)
            .of(model), name: "text \(seed)")
      }
      return try calibrator.basis(writer: "fkv vectors")
    }
    func written(_ groups: Int?) throws -> (basis: ModelBasis, bytes: [UInt8]) {
      let scratch = ScratchFolder()
      let basis = try ModelBasisFile.write(try learned(groups: groups), to: scratch.file("b.fkvbasis"))
      return (basis, try Comparison.bytes(scratch.file("b.fkvbasis")))
    }
    return [
      VectorCase(name: "basis-one-group", sections: "§14") { try written(2).bytes },
      VectorCase(name: "basis-two-groups", sections: "§14") { try written(1).bytes },
      VectorCase(name: "spectral-model-basis", sections: "§13.2.1 §14", basis: "basis-one-group") {
        try file(cache().of(model), spectral(.model), basis: try written(2).basis)
      },
      VectorCase(name: "spectral-model-basis-two-groups", sections: "§13.2.1 §14", basis: "basis-two-groups") {
        try file(cache(.bfloat16).of(model), spectral(step: 0.01, .model), basis: try written(1).basis)
      },
      VectorCase(name: "spectral-model-basis-no-tokens", sections: "§13.1 §14", basis: "basis-one-group") {
        try file(cache(tokens: 0).of(model), spectral(.model), basis: try written(2).basis)
      },
    ]
  }

  static let model = ModelIdentity(name: "made up", architecture: "llama", fingerprint: "0123abcd")
}

extension MemoryCache {
  /// The same cache of another model.
  fileprivate func of(_ model: ModelIdentity) -> MemoryCache {
    var cache = self
    cache.description.model = model
    return cache
  }
}
