import CacheCodec
import KVCacheModel

/// CacheGen as its paper describes it (arXiv 2310.07240): groups of 10 tokens, the first an anchor in 8 bits, the others
/// as differences to it in bins that grow from one third of the layers to the next (0.5, 1, 1.5), all arithmetic-coded
/// with one model a channel.
///
/// Our readings where the paper leaves a choice: an anchor is scaled by its largest magnitude over the layer's channels;
/// a bin is counted in standard deviations of the channel's differences; differences are taken to the anchor as it is
/// decoded; models adapt, so that no tables are stored (the paper profiles them once a model). Bytes of a tensor: clamp
/// u8; deviation (binary16) by channel; scale (binary16) by anchor; one stream.
public struct CacheGenDeltas: TensorBaseline {
  static let group = 10
  /// What the published bins are multiplied by.
  public let scale: Double

  public init(scale: Double = 1) {
    precondition(scale > 0)
    self.scale = scale
  }

  public var method: String { "cachegen-delta" }
  public var setting: String { "bins × \(scale), groups of \(Self.group)" }

  /// The bin in standard deviations.
  private func bin(_ place: TensorPlace) -> Float {
    Float(scale) * [0.5, 1, 1.5][min(3 * place.layer / max(place.layers, 1), 2)]
  }

  public func encode(_ tensor: CacheTensor, at place: TensorPlace) throws -> [UInt8] {
    let values = ChannelView(tensor.floats(), place.geometry)
    let anchors = stride(from: 0, to: values.tokens, by: Self.group).map { anchor -> (scale: Float, codes: [Int8]) in
      var peak: Float = 0
      for channel in 0..<values.channels { peak = max(peak, abs(values[anchor, channel])) }
      let scale = Float(Float16(peak / 127))
      return (
        scale,
        (0..<values.channels).map {
          scale > 0 ? Int8(min(max((values[anchor, $0] / scale).rounded(), -127), 127)) : 0
        }
      )
    }
    func difference(_ token: Int, _ channel: Int) -> Float {
      let anchor = anchors[token / Self.group]
      return values[token, channel] - anchor.scale * Float(anchor.codes[channel])
    }
    var deviations: [Float] = []
    var largest: Float = 0
    for channel in 0..<values.channels {
      var (energy, count, peak) = (0.0, 0, Float(0))
      for token in 0..<values.tokens where token % Self.group != 0 {
        let x = difference(token, channel)
        energy += Double(x * x)
        count += 1
        peak = max(peak, abs(x))
      }
      let deviation = Float(Float16(Float((energy / Double(max(count, 1))).squareRoot())))
      deviations.append(deviation)
      if deviation > 0 { largest = max(largest, (peak / (deviation * bin(place))).rounded()) }
    }
    let clamp = min(largest, 127)

    var writer = BaselineWriter()
    writer.add(UInt8(clamp))
    for deviation in deviations { writer.addHalf(deviation) }
    for anchor in anchors { writer.addHalf(anchor.scale) }
    var encoder = RangeEncoder()
    var (anchorModels, deltaModels) = models(values.channels, clamp: Int(clamp))
    for token in 0..<values.tokens {
      for channel in 0..<values.channels {
        if token % Self.group == 0 {
          anchorModels.encode(
            Int(anchors[token / Self.group].codes[channel]) + 127, channel: channel, to: &encoder)
        } else {
          let step = deviations[channel] * bin(place)
          let q = step > 0 ? (difference(token, channel) / step).rounded() : 0
          deltaModels.encode(Int(min(max(q, -clamp), clamp) + clamp), channel: channel, to: &encoder)
        }
      }
    }
    writer.add(encoder.finish())
    return writer.bytes
  }

  public func decode(_ bytes: [UInt8], at place: TensorPlace) throws -> CacheTensor {
    var reader = BaselineReader(bytes, place: place.description)
    var values = ChannelView(nil, place.geometry)
    let clamp = Int(try reader.number(UInt8.self))
    guard clamp <= 127 else {
      throw BaselineError.badValue(place: place.description, field: "clamp", declared: clamp)
    }
    let steps = try (0..<values.channels).map { _ in try reader.half() * bin(place) }
    let scales = try stride(from: 0, to: values.tokens, by: Self.group).map { _ in try reader.half() }
    var decoder = RangeDecoder(Array(try reader.take(reader.remaining)))
    var (anchorModels, deltaModels) = models(values.channels, clamp: clamp)
    var anchor = [Float](repeating: 0, count: values.channels)
    for token in 0..<values.tokens {
      for channel in 0..<values.channels {
        if token % Self.group == 0 {
          anchor[channel] =
            scales[token / Self.group] * Float(anchorModels.decode(channel: channel, from: &decoder) - 127)
          values[token, channel] = anchor[channel]
        } else {
          let q = deltaModels.decode(channel: channel, from: &decoder) - clamp
          values[token, channel] = anchor[channel] + steps[channel] * Float(q)
        }
      }
    }
    guard !decoder.isOverrun else { throw BaselineError.truncated(place: place.description, needed: 1, found: 0) }
    return place.tensor(values.elements)
  }

  private func models(_ channels: Int, clamp: Int) -> (AdaptiveModels, AdaptiveModels) {
    (AdaptiveModels(channels: channels, alphabet: 255), AdaptiveModels(channels: channels, alphabet: 2 * clamp + 1))
  }
}
