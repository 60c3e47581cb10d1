import FKVFormat
import KVCacheModel
import TestSupport
import Testing

@testable import CacheCodec

/// Caches that do not go on where the file ends: the exact error, and a file that stays as it was.
@Suite struct CacheExtenderMismatchTests {
  private let files = ExtendedFiles()
  private static let full = SyntheticCache.make(layers: 2, tokens: 40, headDim: 4)

  private func refused(
    _ cache: MemoryCache = full.positions(0..<25), unchecked: Bool = false, by edit: (inout MemoryCache) -> Void
  ) throws -> CacheExtensionError? {
    try files.make(cache, .lossless)
    let before = try files.bytes()
    var addition = Self.full
    edit(&addition)
    do {
      try files.extend(by: addition, unchecked: unchecked)
      return nil
    } catch let error as CacheExtensionError {
      #expect(try files.bytes() == before && files.scratch.names == ["c.fkv"])
      #expect(!"\(error)".isEmpty)
      return error
    }
  }

  @Test func otherModels() throws {
    #expect(try refused { _ in } == nil)
    #expect(try refused { $0.description.model.fingerprint = "" } == nil)
    #expect(
      try refused { $0.description.model.fingerprint = "ff" }
        == .model(file: "synthetic (1)", addition: "synthetic (ff)"))
    #expect(
      try refused { addition in
        addition.keys.removeLast()
        addition.values.removeLast()
        addition.queries.removeLast()
        addition.description.geometry.layers.removeLast()
      } == .layerCount(file: 2, addition: 1))
    #expect(
      try refused { $0.description.geometry.layers[1].queryHeads = 2 }
        == .layer(1, file: "4/2 heads × 4", addition: "2/2 heads × 4"))
    #expect(
      try refused { $0.description.geometry.layers[0].slidingWindow = 64 }
        == .layer(0, file: "4/2 heads × 4", addition: "4/2 heads × 4, window 64"))
    #expect(
      try refused { $0.description.valueType = .bfloat16 } == .elementType(.value, file: "F16", addition: "BF16"))
    #expect(
      try refused { $0.description.attentionScale = 0.25 }
        == .attention(file: "scaled by 0.5", addition: "scaled by 0.25"))
    #expect(
      try refused { $0.description.attentionSoftcap = 50 }
        == .attention(file: "scaled by 0.5", addition: "scaled by 0.5 and capped at 50.0"))
  }

  /// A scaling that depends on the prompt's length gives the longer prompt other frequencies.
  @Test func otherRotations() throws {
    let error = try refused {
      $0.description.ropes = [RotaryEmbedding(pairing: .halfSplit, dimensions: 4, base: 20_000)]
    }
    guard case .rope(layer: 0, let file, let addition)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(file.contains("base 10000.0") && addition.contains("base 20000.0"))
    #expect(try refused { $0.description.ropes.insert(.none, at: 0) } != nil)
    // The same rotation under another index is the same.
    #expect(
      try refused { addition in
        addition.description.ropes.insert(.none, at: 0)
        for layer in 0..<2 { addition.description.geometry.layers[layer].ropeIndex = 1 }
      } == nil)
  }

  @Test func otherPrompts() throws {
    let tokens = Self.full.description.tokens!
    for position in [0, 24] {
      #expect(
        try refused { $0.description.tokens![position] = -1 }
          == .token(position: position, file: tokens[position], addition: -1))
    }
    // Behind the file's end there is nothing to compare with.
    #expect(try refused { $0.description.tokens![25] = -1 } == nil)
    #expect(try refused { $0.description.tokens = nil } == .unknownTokens(inFile: true, inAddition: false))
    var unnamed = Self.full.positions(0..<25)
    unnamed.description.tokens = nil
    #expect(try refused(unnamed) { _ in } == .unknownTokens(inFile: false, inAddition: true))
    #expect(try refused(unnamed) { $0.description.tokens = nil } == .unknownTokens(inFile: false, inAddition: false))
    // What is known is compared even so.
    #expect(
      try refused(unchecked: true) { $0.description.tokens![3] = -1 }
        == .token(position: 3, file: tokens[3], addition: -1))
    for (file, edit) in [
      (unnamed, { _ in }), (Self.full.positions(0..<25), { $0.description.tokens = nil }),
    ] as [(MemoryCache, (inout MemoryCache) -> Void)] {
      #expect(try refused(file, unchecked: true, by: edit) == nil)
      #expect(try FKVCache(path: files.path).description.tokens == nil)
      #expect(try files.decoded().keys == Self.full.keys)
    }
  }

  @Test func otherPositions() throws {
    #expect(try refused { $0 = $0.positions(0..<25) } == .nothingNew(file: 25, addition: 25))
    #expect(try refused { $0 = $0.positions(3..<20) } == .nothingNew(file: 25, addition: 20))
    #expect(
      try refused { $0 = $0.positions(26..<40) } == .positions(layer: 0, file: 0..<25, addition: 26..<40))
    #expect(
      try refused { addition in
        let part = addition.positions(0..<39)
        addition.keys[1] = part.keys[1]
        addition.values[1] = part.values[1]
        addition.description.geometry.layers[1].tokens = 39
      } == .positions(layer: 1, file: 0..<25, addition: 0..<39))
    // A file that begins later takes a cache that begins before it.
    #expect(try refused(Self.full.positions(7..<25)) { _ in } == nil)
    let file = try FKVCache(path: files.path)
    #expect(file.description.geometry.layers.map(\.firstPosition) == [7, 7])
    #expect(file.description.tokens == Array(Self.full.description.tokens![7...]))
    #expect(try files.decoded().values == Self.full.positions(7..<40).values)
  }

  /// Layers of a sliding window that kept all positions grow like others; trimmed ones cannot.
  @Test func slidingWindows() throws {
    let windowed = SyntheticCache.make(layers: 3, tokens: 40, headDim: 4, slidingWindow: 16)
    try files.make(windowed.positions(0..<30), .lossless)
    #expect(throws: CacheExtensionError.trimmed(layer: 1, window: 16, file: 24..<30, addition: 25..<40)) {
      var trimmed = windowed
      trimmed.keys[1] = windowed.keys[1].rows(1..<16)
      trimmed.values[1] = windowed.values[1].rows(1..<16)
      trimmed.description.geometry.layers[1].firstPosition = 25
      trimmed.description.geometry.layers[1].tokens = 15
      try files.extend(by: trimmed)
    }
    for method in [.lossless, ExtendedFiles.spectral()] {
      try files.make(windowed.positions(0..<30), method)
      try files.extend(by: windowed)
      #expect(
        try FKVCache(path: files.path).description.geometry.layers.map { $0.firstPosition..<$0.endPosition }
          == [0..<40, 24..<40, 0..<40])
    }
  }

  @Test func anEmptyLayerCannotGrow() throws {
    let part = Self.full.positions(0..<25)
    var holed = part
    holed.keys[1] = part.keys[1].rows(0..<0)
    holed.values[1] = part.values[1].rows(0..<0)
    holed.description.geometry.layers[1].tokens = 0
    #expect(try refused(holed) { _ in } == .positions(layer: 1, file: 0..<0, addition: 0..<40))
    // Without a cache on either side it stays without.
    #expect(
      try refused(holed) { addition in
        addition.keys[1] = addition.keys[1].rows(0..<0)
        addition.values[1] = addition.values[1].rows(0..<0)
        addition.description.geometry.layers[1].tokens = 0
      } == nil)
    #expect(try FKVCache(path: files.path).description.geometry.layers.map(\.tokens) == [40, 0])
  }

  @Test func fourierNeedsRoom() throws {
    for kind in CacheKind.allCases {
      try files.make(Self.full.positions(0..<25), ExtendedFiles.fourier(period: 31))
      // Sinks 2, window 6: the middle grows from 17 to 32.
      #expect(throws: CacheExtensionError.periodTooShort(layer: 0, kind: .key, period: 31, middle: 32)) {
        try files.extend(by: Self.full)
      }
      try files.extend(by: Self.full.positions(0..<39))
      _ = kind
    }
    try files.make(Self.full.positions(0..<25), ExtendedFiles.fourier(period: 32, reconstruction: .published))
    #expect(throws: CacheExtensionError.publishedReconstruction(layer: 0, kind: .key)) {
      try files.extend(by: Self.full)
    }
    // All features exact: nothing to fold, whatever the period.
    for cache in [Self.full.positions(0..<25), Self.full.positions(0..<5)] {
      try files.make(cache, ExtendedFiles.fourier(period: nil, fraction: cache.keys[0].tokens == 5 ? 0.5 : 0))
      #expect(try files.extend(by: Self.full).roundedCoefficients == false)
      let restored = try files.decoded()
      #expect(restored.keys == Self.full.keys && restored.values == Self.full.values)
    }
  }

  @Test func theHeaderMustSayHowTheFileWasCoded() throws {
    try files.make(Self.full.positions(0..<25), ExtendedFiles.spectral())
    let file = try FKVCache(path: files.path)
    let writer = try FKVWriter(path: files.path)
    for entry in file.reader.sections where entry.kind != .header { try writer.copySection(from: file.reader, entry) }
    var header = file.header
    header.spectralCoding = nil
    try writer.commit(header: header.record)
    #expect(throws: CacheExtensionError.codingUnknown) { try files.extend(by: Self.full) }
  }
}
