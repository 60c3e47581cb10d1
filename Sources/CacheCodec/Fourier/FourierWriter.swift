import FKVFormat
import KVCacheModel

/// Writes profile `fourier`, the published method.
struct FourierWriter: LayerWriter {
  var parameters: FourierParameters

  var profile: Profile { .fourier }

  var settings: [String] {
    let p = parameters
    return [
      "sinks=\(p.sinks)", "window=\(p.window.map(String.init) ?? "auto")",
      "states=\(p.states.map(String.init) ?? "auto")",
      "key-fraction=\(p.keyFraction.map { "\($0)" } ?? "published")",
      "value-fraction=\(p.valueFraction.map { "\($0)" } ?? "published")",
      "period=\(p.period.map(String.init) ?? "auto")", "reconstruction=\(p.reconstruction.name)",
      "coefficients=\(p.coefficientType.safetensorsName)",
    ]
  }

  func check(_ description: CacheDescription) throws {
    try parameters.check()
  }

  func section(_ kind: CacheKind) -> SectionKind { .fourier(kind) }

  func encode(
    _ tensor: CacheTensor, _ kind: CacheKind, layer: Int, of layers: Int
  ) throws -> (payload: [UInt8], restored: CacheTensor?) {
    let shape = LayerGeometry(
      kvHeads: tensor.kvHeads, queryHeads: tensor.kvHeads, headDim: tensor.headDim, tokens: tensor.tokens)
    let plan = FourierLayerPlan(
      parameters, tokens: shape.tokens, features: shape.features,
      fraction: parameters.fraction(kind, layer: layer, of: layers))
    let place = "layer \(layer) \(kind.name)s"
    // Nothing is stored larger than it is, except a head and directories.
    let most =
      tensor.bytes.count + 2 * plan.frequencies * plan.spectralFeatures * plan.coefficientType.byteCount
      + 16 * shape.features + 4096
    try checkPeriod(plan, elements: shape.elementCount, storedBytes: most, groups: layers, place: place)
    let section = FourierSection(tensor, plan: plan)
    let payload = section.encoded(elementSize: tensor.elementType.byteCount).bytes
    try checkPeriod(plan, elements: shape.elementCount, storedBytes: payload.count, groups: layers, place: place)
    return (payload, section.restored(layer: shape, elementType: tensor.elementType))
  }

  /// Throws for a plan whose section readers refuse for the work that it asks for: a period far beyond the tokens.
  ///
  /// - Parameter storedBytes: of the section, or before it is made, the most that it can have.
  private func checkPeriod(
    _ plan: FourierLayerPlan, elements: Int, storedBytes: Int, groups: Int, place: String
  ) throws {
    let work = DecodingCost.fourier(elements: elements, spectral: plan.spectralFeatures, period: plan.period)
    let allowed = DecodingLimits().allowance(storedBytes: storedBytes, groups: groups).work
    guard work <= allowed else {
      throw CodecError.unsuitable(
        "\(place): a period of \(plan.period) for \(plan.middle) tokens takes readers \(work) steps, allowed are "
          + "\(allowed): choose a shorter one")
    }
  }
}
