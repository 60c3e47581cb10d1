import CacheCodec
import KVCacheModel

/// CacheGen as LMCache's code does it (lmcache/storage_backend/serde/cachegen_*.py): chunks of 256 tokens; each token of a
/// layer scaled by its largest magnitude over all channels; few levels, more of them in the layers that matter; a table
/// of cumulative frequencies for each channel of each chunk, counted; arithmetic coding with it.
///
///     q = round(x·M/max) + M,  M = bins/2 − 1,  max over the H·D channels of one token
///
/// Published bins: keys 32 in layers 0–9 and 16 after them, values 32 in layers 0–1 and 16 after them; 32 everywhere in models
/// of fewer than 10 layers. Bytes of a chunk: max (binary16) by token, tables of bins − 1 numbers (u16) by channel,
/// byte count of the stream (u32), stream.
public struct CacheGenTables: TensorBaseline {
  static let chunk = 256
  /// What the published numbers of bins are multiplied by.
  public let scale: Double

  /// - Precondition: 16·`scale` is 4 or more, 32·`scale` at most 256.
  public init(scale: Double = 1) {
    precondition(16 * scale >= 4 && 32 * scale <= 256)
    self.scale = scale
  }

  public var method: String { "cachegen" }
  public var setting: String { "\(bins(32)) and \(bins(16)) bins, chunks of \(Self.chunk)" }

  private func bins(_ published: Int) -> Int { Int(Double(published) * scale) }

  /// M at a place.
  private func levels(_ place: TensorPlace) -> Int {
    let fine = place.layers < 10 || place.layer < (place.kind == .key ? 10 : 2)
    return bins(fine ? 32 : 16) / 2 - 1
  }

  public func encode(_ tensor: CacheTensor, at place: TensorPlace) throws -> [UInt8] {
    let values = ChannelView(tensor.floats(), place.geometry)
    let levels = levels(place)
    var writer = BaselineWriter()
    for start in stride(from: 0, to: values.tokens, by: Self.chunk) {
      let rows = start..<min(start + Self.chunk, values.tokens)
      var symbols = [UInt8](repeating: 0, count: rows.count * values.channels)
      for (row, token) in rows.enumerated() {
        var peak: Float = 0
        for channel in 0..<values.channels { peak = max(peak, abs(values[token, channel])) }
        writer.addHalf(peak)
        let rounded = Float(Float16(peak))
        let factor = rounded > 0 ? Float(levels) / rounded : 0
        for channel in 0..<values.channels {
          let q = (values[token, channel] * factor).rounded()
          symbols[row * values.channels + channel] = UInt8(Int(min(max(q, -Float(levels)), Float(levels))) + levels)
        }
      }
      var encoder = RangeEncoder()
      var tables: [FrequencyTable] = []
      for channel in 0..<values.channels {
        var counts = [Int](repeating: 0, count: 2 * levels + 1)
        for row in rows.indices { counts[Int(symbols[(row - start) * values.channels + channel])] += 1 }
        let table = FrequencyTable(counts: counts)
        table.write(to: &writer)
        tables.append(table)
      }
      for (i, symbol) in symbols.enumerated() {
        tables[i % values.channels].encode(Int(symbol), to: &encoder)
      }
      let stream = encoder.finish()
      writer.add(UInt32(stream.count))
      writer.add(stream)
    }
    return writer.bytes
  }

  public func decode(_ bytes: [UInt8], at place: TensorPlace) throws -> CacheTensor {
    var reader = BaselineReader(bytes, place: place.description)
    var values = ChannelView(nil, place.geometry)
    let levels = levels(place)
    for start in stride(from: 0, to: values.tokens, by: Self.chunk) {
      let rows = start..<min(start + Self.chunk, values.tokens)
      let peaks = try rows.map { _ in try reader.half() }
      let tables = try (0..<values.channels).map { _ in
        try FrequencyTable(symbols: 2 * levels + 1, from: &reader)
      }
      var decoder = RangeDecoder(Array(try reader.take(Int(try reader.number(UInt32.self)))))
      for token in rows {
        let step = peaks[token - start] / Float(levels)
        for channel in 0..<values.channels {
          values[token, channel] = Float(tables[channel].decode(from: &decoder) - levels) * step
        }
      }
      guard !decoder.isOverrun else { throw BaselineError.truncated(place: place.description, needed: 1, found: 0) }
    }
    try reader.finish()
    return place.tensor(values.elements)
  }
}
