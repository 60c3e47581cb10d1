import ComputeKernels
import FKVFormat
import Fidelity
import FileIO
import KVCacheModel

/// Writes caches as `.fkv` files.
///
/// Layers are read, encoded, decoded again and measured `width` at a time, so memory stays near that many layers
/// whatever the cache's size. The bytes depend on the cache and the method only, not on the width.
public struct CacheEncoder: Sendable {
  /// How to encode.
  public enum Method: Hashable, Sendable {
    case lossless
    case fourier(FourierParameters)
    case spectral(SpectralParameters)

    public var profile: Profile {
      switch self {
      case .lossless: .lossless
      case .fourier: .fourier
      case .spectral: .spectral
      }
    }
  }

  public var method: Method
  /// The basis file of profile `spectral` with a model basis; nil otherwise.
  public var basis: ModelBasis?
  /// Whether the prompt's token ids go into the file.
  public var includesTokens = true
  /// Encrypts the file (formats/fkv.md §15); nil writes it as it is. With a key the bytes are different each time.
  public var key: FileKey?
  /// What the header says wrote the file.
  public var writer: String
  /// Layers in work at a time.
  public var width = ParallelLoop.width

  public init(_ method: Method, writer: String) {
    self.method = method
    self.writer = writer
  }

  /// What came of encoding a cache.
  public struct Outcome: Hashable, Sendable {
    public var fileBytes: Int
    /// nil if the cache has no probe queries.
    public var storedError: StoredError?
    /// The steps that profile `spectral` took; nil for others.
    public var steps: SpectralSteps?
  }

  /// Encodes a cache into a new file at `path`; the rest as `encode(_:to:progress:)` with a destination.
  public func encode(
    _ source: some CacheSource, to path: String, progress: (Int) -> Void = { _ in }
  ) throws -> Outcome {
    try encode(source, to: FileDestination(path: path), progress: progress)
  }

  /// Encodes a cache in memory: the bytes of the file, and what came of encoding it; throws as `encode(_:to:progress:)`.
  public func encode(
    _ source: some CacheSource, progress: (Int) -> Void = { _ in }
  ) throws -> (bytes: [UInt8], outcome: Outcome) {
    let memory = MemoryDestination()
    let outcome = try encode(source, to: memory, progress: progress)
    return (memory.bytes ?? [], outcome)
  }

  /// Encodes a cache into a new file at `destination`, which appears whole or not at all.
  ///
  /// - Parameter progress: called after each layer with the layers done, from the calling thread.
  /// - Throws: what the source throws; `CodecError.unsuitable` and `FormatError` for a description that no reader would
  ///   take; `FileError` if the file cannot be written.
  public func encode(
    _ source: some CacheSource, to destination: any ByteDestination, progress: (Int) -> Void = { _ in }
  ) throws -> Outcome {
    let description = source.description
    try checkReadable(description)
    if case .spectral(let parameters) = method {
      return try encodeSpectral(source, parameters: parameters, to: destination, progress: progress)
    }
    let file = try FKVWriter(to: destination, key: key)
    if includesTokens, let tokens = description.tokens { try TokenSection.add(tokens, to: file) }
    var errors: [[Double]]? = []
    try ParallelLoop.ordered(
      description.geometry.layers.count, width: width,
      produce: { try encodeLayer($0, of: source) },
      consume: { layer, encoded in
        let shape = description.geometry.layers[layer]
        for (kind, payload) in encoded.payloads {
          try file.add(
            method.profile == .lossless ? .lossless(kind) : .fourier(kind), layer: layer, tokens: 0..<shape.tokens,
            flags: .required,
            rawBytes: shape.elementCount * description.elementType(of: kind).byteCount, payload: payload)
        }
        if let measured = encoded.errors { errors?.append(measured) } else { errors = nil }
        progress(layer + 1)
      })
    let storedError = errors.flatMap { measured in
      measured.isEmpty
        ? nil : StoredError(probeQueries: description.probeQueries, errors: AttentionErrors(layers: measured))
    }
    let header = CacheHeader(
      description: description, profile: method.profile, settings: method.settings, writer: writer,
      storedError: storedError)
    return Outcome(fileBytes: try file.commit(header: header.record), storedError: storedError)
  }

  private func encodeSpectral(
    _ source: some CacheSource, parameters: SpectralParameters, to destination: any ByteDestination,
    progress: (Int) -> Void
  ) throws -> Outcome {
    if parameters.basis == .model, let basis, basis.hash.isEmpty {
      throw CodecError.unsuitable("the basis was never written to a file, so that nothing can name it")
    }
    // A target that cannot be written to must not cost the search for steps.
    try FKVWriter(to: destination).discard()
    let description = source.description
    var encoder = try SpectralEncoder(
      source, parameters: parameters, model: parameters.basis == .model ? basis : nil, width: width)
    encoder.key = key
    let (groupSizes, model) = (encoder.groups.map(\.count), encoder.model)
    func header(_ pass: SpectralEncoder.Pass) -> CacheHeader {
      CacheHeader(
        description: description, profile: .spectral, settings: method.settings + pass.steps.settings, writer: writer,
        storedError: pass.errors.map { StoredError(probeQueries: description.probeQueries, errors: $0) },
        groupSizes: groupSizes, basisHash: model?.hash, basisBytes: model?.fileBytes,
        spectralCoding: SpectralCoding(parameters, steps: pass.steps))
    }
    let pass = try encoder.write(
      tokens: includesTokens ? description.tokens : nil, destination: destination,
      fileBytes: { $0.writer.byteCount(withHeaderBytes: header($0).record.encoded.count) }, progress: progress)
    let finished = header(pass)
    return Outcome(
      fileBytes: try pass.writer.commit(header: finished.record), storedError: finished.storedError, steps: pass.steps)
  }

  /// Throws for a description whose header a reader would refuse: then nothing is written at all.
  private func checkReadable(_ description: CacheDescription) throws {
    if case .fourier(let parameters) = method, let period = parameters.period,
      period > FourierParameters.longestPeriod
    {
      throw CodecError.unsuitable(
        "a period of \(period) tokens, allowed is at most \(FourierParameters.longestPeriod)")
    }
    let lines = description.geometry.layers.count + description.ropes.count + description.provenance.count
    let most = FormatLimits.fields - 64
    guard lines <= most else {
      throw CodecError.unsuitable(
        "\(description.geometry.layers.count) layers, \(description.ropes.count) RoPEs and "
          + "\(description.provenance.count) lines of provenance, allowed are \(most) together")
    }
    let header = CacheHeader(
      description: description, profile: .lossless, settings: method.settings, writer: writer, storedError: nil)
    _ = try CacheHeader(parsing: RecordReader(parsing: header.record.encoded, name: "header"))
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

  private struct EncodedLayer: Sendable {
    var payloads: [(CacheKind, [UInt8])] = []
    var errors: [Double]?
  }

  private func encodeLayer(_ layer: Int, of source: some CacheSource) throws -> EncodedLayer {
    let shape = source.description.geometry.layers[layer]
    let layers = source.description.geometry.layers.count
    var encoded = EncodedLayer()
    var restored: [CacheTensor] = []
    var originals: [CacheTensor] = []
    for kind in CacheKind.allCases {
      let tensor = try source.tensor(kind, layer: layer)
      originals.append(tensor)
      guard shape.elementCount > 0 else { continue }
      switch method {
      case .lossless:
        encoded.payloads.append((kind, LosslessSection.encode(tensor)))
      case .fourier(let parameters):
        let plan = FourierLayerPlan(
          parameters, tokens: shape.tokens, features: shape.features,
          fraction: parameters.fraction(kind, layer: layer, of: layers))
        let place = "layer \(layer) \(kind.name)s"
        // Nothing is stored larger than it is, but for a head and directories.
        let most =
          tensor.bytes.count + 2 * plan.frequencies * plan.spectralFeatures * plan.coefficientType.byteCount
          + 16 * shape.features + 4096
        try checkPeriod(
          plan, elements: shape.elementCount, storedBytes: most, groups: layers, place: place)
        let section = FourierSection(tensor, plan: plan)
        let payload = section.encoded(elementSize: tensor.elementType.byteCount).bytes
        try checkPeriod(
          plan, elements: shape.elementCount, storedBytes: payload.count, groups: layers, place: place)
        encoded.payloads.append((kind, payload))
        restored.append(section.restored(layer: shape, elementType: tensor.elementType))
      case .spectral:
        preconditionFailure("coded in groups, not by layer")
      }
    }
    if let queries = try source.probeQueries(layer: layer) {
      guard restored.count == 2 else {
        encoded.errors = Array(repeating: 0, count: shape.queryHeads)
        return encoded
      }
      let problem = AttentionProblem(
        layer: shape, queries: queries, scale: source.description.attentionScale,
        softcap: source.description.attentionSoftcap)
      encoded.errors = AttentionErrors.ofHeads(
        reference: try ReferenceAttention.outputs(problem, keys: originals[0].floats(), values: originals[1].floats()),
        restored: try ReferenceAttention.outputs(problem, keys: restored[0].floats(), values: restored[1].floats()),
        heads: shape.queryHeads)
    }
    return encoded
  }
}

extension CacheEncoder.Method {
  /// The settings as `name=value`, as the header keeps them.
  var settings: [String] {
    switch self {
    case .lossless: []
    case .fourier(let p):
      [
        "sinks=\(p.sinks)", "window=\(p.window.map(String.init) ?? "auto")",
        "states=\(p.states.map(String.init) ?? "auto")",
        "key-fraction=\(p.keyFraction.map { "\($0)" } ?? "published")",
        "value-fraction=\(p.valueFraction.map { "\($0)" } ?? "published")",
        "period=\(p.period.map(String.init) ?? "auto")", "reconstruction=\(p.reconstruction.name)",
        "coefficients=\(p.coefficientType.safetensorsName)",
      ]
    case .spectral(let p): p.settings
    }
  }
}
