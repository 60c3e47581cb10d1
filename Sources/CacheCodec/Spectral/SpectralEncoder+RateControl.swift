import FKVFormat
import FileIO
import KVCacheModel

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension SpectralEncoder {
  /// Complete writings that are tried before the best of them is taken.
  static let mostPasses = 12

  /// Writes the cache so that it meets the target of the parameters; the caller commits the writer.
  ///
  /// The steps come from a search on some layers; then the whole cache is written, with steps that are corrected on the
  /// way (`PassControl`), and measured. If the target is missed all the same it is written again, until it is met: a mean
  /// error within 5 % below it, a ratio up to 2 % above it. Where no steps meet an error, and where a small ratio allows
  /// it, the cache is kept bit for bit.
  ///
  /// - Parameter fileBytes: the size that the file of a pass would have.
  /// - Throws: `CodecError.unsuitable` if no pass met an error target; what reading and writing throw.
  func write(
    tokens: [Int32]?, destination: any ByteDestination, fileBytes: (Pass) -> Int, progress: (Int) -> Void
  ) throws -> Pass {
    switch parameters.resolvedRate(hasProbeQueries: source.description.probeQueries > 0) {
    case .automatic:
      preconditionFailure("resolved above")
    case .step(let step):
      return try pass(
        steps: SpectralSteps(key: Float(step), value: Float(step)), control: nil, tokens: tokens,
        destination: destination,
        progress: progress)
    case .targetError(let target):
      let search = try StepSearch(self, around: Float(3.7 * target))
      let start = search.cheapest(error: 0.975 * target)
      let found = try approach(
        from: start, tokens: tokens, destination: destination, progress: progress,
        control: PassControl(
          target: 0.975 * target * Double(theory.heads), forecast: search.errors(at: start),
          slope: search.slopes(at: start).error),
        deviation: { pass in
          let error = pass.errors?.mean ?? 0
          // Everything is exact: by the plan, and then steps do not matter, or because they are finer than they need be.
          if error == 0 { return codesNothing ? nil : log(0.1) }
          return (0.95 * target...target).contains(error) ? nil : log(error / (0.975 * target))
        },
        slope: { search.slopes(at: $0.steps).error },
        isBetter: { Self.isBetter($0, than: $1, target: target, fileBytes: fileBytes) })
      guard let error = found.errors?.mean, error <= target else {
        found.writer.discard()
        let exact = try exactPass(tokens: tokens, destination: destination, progress: progress)
        if let error = exact.errors?.mean, error <= target { return exact }
        exact.writer.discard()
        throw CodecError.unsuitable(
          "the smallest attention-output error that was reached is \(exact.errors?.mean ?? 0), above the target \(target)"
        )
      }
      return found
    case .ratio(let ratio):
      let limit = Double(2 * source.description.geometry.elementCount) / ratio
      let target = 0.99 * limit
      if ratio < Self.largestExactRatio {
        let exact = try exactPass(tokens: tokens, destination: destination, progress: progress)
        if Double(fileBytes(exact)) <= limit { return exact }
        exact.writer.discard()
      }
      let search = try StepSearch(self, around: 0.3)
      let start = search.best(bytes: target, keyBalance: parameters.resolvedWindowSteps.keyBalance)
      return try approach(
        from: start, tokens: tokens, destination: destination, progress: progress,
        control: PassControl(
          target: target, forecast: search.bytes(at: start), slope: search.slopes(at: start).bytes),
        deviation: { pass in
          let bytes = Double(fileBytes(pass))
          return (0.98 * limit...limit).contains(bytes) ? nil : log(bytes / target)
        },
        slope: { search.slopes(at: $0.steps).bytes },
        isBetter: { Self.isBetter(Double(fileBytes($0)), than: Double(fileBytes($1)), limit: limit) })
    }
  }

  /// Ratios below this may be met without any loss, so that is tried first.
  private static let largestExactRatio = 2.0

  /// Whether the plan keeps every row bit for bit.
  private var codesNothing: Bool { groups.indices.allSatisfy { coder(.key, group: $0).plan.segments.isEmpty } }

  /// The cache bit for bit: no coefficient but 0 fits, with steps this fine.
  private func exactPass(tokens: [Int32]?, destination: any ByteDestination, progress: (Int) -> Void) throws -> Pass {
    try pass(
      steps: SpectralSteps(key: 0x1p-100, value: 0x1p-100), control: nil, tokens: tokens, destination: destination,
      progress: progress
    )
  }

  /// The most bytes among those within the limit; before that the fewest.
  private static func isBetter(_ a: Double, than b: Double, limit: Double) -> Bool {
    a <= limit && b <= limit ? a > b : a < b
  }

  /// Fewest bytes among those within the target; before that the smaller error.
  private static func isBetter(_ a: Pass, than b: Pass, target: Double, fileBytes: (Pass) -> Int) -> Bool {
    let (x, y) = (a.errors?.mean ?? 0, b.errors?.mean ?? 0)
    if x <= target, y <= target { return fileBytes(a) < fileBytes(b) }
    return x < y
  }

  /// Writes, corrects the steps and writes again until a pass has no `deviation`, or passes run out; then the best.
  ///
  /// The second pass is steered by what each group cost in the first; any further ones have the same steps for all groups.
  ///
  /// - Parameters:
  ///   - control: what steers the first pass.
  ///   - deviation: the logarithm of what a pass gave over what it should give; nil if that is near enough.
  ///   - slope: the deviation's estimated derivative by the logarithm of the steps.
  private func approach(
    from start: SpectralSteps, tokens: [Int32]?, destination: any ByteDestination, progress: (Int) -> Void,
    control: PassControl, deviation: (Pass) -> Double?, slope: (Pass) -> Double, isBetter: (Pass, Pass) -> Bool
  ) throws -> Pass {
    var correction = StepCorrection()
    var steps = start
    var control: PassControl? = control
    var best: Pass?
    for number in 0..<Self.mostPasses {
      let pass = try pass(steps: steps, control: control, tokens: tokens, destination: destination, progress: progress)
      let found = deviation(pass)
      if let old = best, found != nil, !isBetter(pass, old) {
        pass.writer.discard()
      } else {
        best?.writer.discard()
        best = pass
      }
      let tried = log(Double(pass.steps.key / start.key))
      guard let found, correction.update(deviation: found, slope: slope(pass), at: tried) else { break }
      if number == 0, let next = pass.control?.next() {
        (steps, control) = (pass.start.scaled(by: next.scale), next.control)
      } else {
        (steps, control) = (start.scaled(by: exp(correction.logScale)), nil)
      }
    }
    return best!
  }
}
