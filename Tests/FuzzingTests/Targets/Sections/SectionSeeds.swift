import KVCacheModel

@testable import CacheCodec
@testable import FKVFormat

/// The sections of the vectors, each after the bytes of its shape.
enum SectionSeeds {
  /// Calls `body` for each cache among the vectors, keys and values of each group; those that cannot be read give nothing.
  static func each(
    _ profile: Profile, _ body: (FKVCache, CacheKind, Int, [UInt8]) throws -> [[UInt8]]
  ) throws -> [[UInt8]] {
    let folder = SampleFiles.path("\(SampleFiles.vectors)/valid")
    return try SampleFiles.names(in: "\(SampleFiles.vectors)/valid", ending: ".fkv").flatMap { name -> [[UInt8]] in
      let cache = try FKVCache(path: "\(folder)/\(name)")
      guard cache.header.profile == profile else { return [] }
      return try cache.layerGroups.enumerated().flatMap { group, layers in
        try CacheKind.allCases.flatMap { kind -> [[UInt8]] in
          let shape = cache.description.geometry.layers[layers.lowerBound]
          guard shape.tokens > 0,
            let start = SectionShape.bytes(kind, cache.description.elementType(of: kind), layers: layers.count, shape)
          else { return [] }
          return try body(cache, kind, group, start).filter { $0.count <= SectionTargets.mostBytes }
        }
      }
    }
  }

  static let lossless: @Sendable () throws -> [[UInt8]] = {
    try each(.lossless) { cache, kind, layer, start in
      let parts = try LosslessLayer(
        kind, layer: layer, shape: cache.description.geometry.layers[layer],
        elementType: cache.description.elementType(of: kind), reader: cache.reader
      ).parts
      return parts.count == 1 ? [start + (try cache.reader.payload(of: parts[0].entry))] : []
    }
  }

  static let fourier: @Sendable () throws -> [[UInt8]] = {
    try each(.fourier) { cache, kind, layer, start in
      [start + (try cache.reader.payload(of: cache.fourier!.section(kind, layer)))]
    }
  }

  static let frames: @Sendable () throws -> [[UInt8]] = {
    try each(.spectral) { cache, kind, group, start in
      let entry = cache.reader.section(.spectralFrame(kind), layer: cache.layerGroups[group].lowerBound)!
      return [start + (try cache.reader.payload(of: entry))]
    }
  }

  /// The sixth byte of the shape is the block length.
  static let segments: @Sendable () throws -> [[UInt8]] = {
    try each(.spectral) { cache, kind, group, start in
      let layer = cache.layerGroups[group].lowerBound
      let frame = try SpectralFrame.head(
        cache.reader.payload(of: cache.reader.section(.spectralFrame(kind), layer: layer)!),
        group: cache.spectral!.groups[group], kind: kind, place: "seed")
      return try cache.reader.sections(.spectralSegment(kind), layer: layer).compactMap { entry in
        var start = start
        guard frame.blockLength <= 64, frame.exactFeatures == 0 else { return nil }
        (start[4], start[5]) = (UInt8(entry.tokens.count), UInt8(frame.blockLength - 1))
        return start + (try cache.reader.payload(of: entry))
      }
    }
  }
}
