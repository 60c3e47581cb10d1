import Coding
import ComputeKernels
import KVCacheModel
import SpectralTransform

/// Feature basis and block transform of a group: rows of features to quantised coefficients and back.
struct SegmentTransform: Sendable {
  /// (n, n): row j is component j.
  let basis: [Float]
  /// n.
  let features: Int
  let cosine: BlockCosineTransform

  /// How far the encoder's cells are moved outward, in steps, and coefficients with them: 2 % fewer bits at equal error
  /// than without. Putting them back nearer to 0 instead loses: what is lost then adds up over tokens.
  static let deadZone: Float = 0.1

  init(basis: [Float], features: Int, blockLength: Int) {
    precondition(basis.count == features * features)
    self.basis = basis
    self.features = features
    cosine = BlockCosineTransform(blockLength: blockLength)
  }

  /// Rows of features after quantising.
  struct Quantised {
    /// The coefficients; of blocks that do not fit, the nearest that there are.
    var segment: SpectralSegment
    /// For each block whether it has a coefficient outside −32768…32767, which 16 bits cannot hold; empty where all fit.
    var isUnfit: [Bool]
    /// The largest energy of a row, in squares of the step, that lies in components that were not coded.
    var largestResidual: Double
  }

  /// Quantises rows of features.
  ///
  /// - Parameters:
  ///   - samples: (rows, n).
  ///   - most: components to code at most; trailing components without any coefficient are dropped.
  func forward(
    _ samples: UnsafePointer<Float>, rows: Range<Int>, step: Float, blockCodes: [UInt8] = [], most: Int
  ) -> Quantised {
    let n = cosine.blockLength
    let blocks = SpectralSegment.blocks(rows: rows.count, blockLength: n)
    let padded = blocks * n
    var signals = [Float](repeating: 0, count: most * padded)
    var coefficients = [Float](repeating: 0, count: padded)
    var symbols = [Int16](repeating: 0, count: most * padded)
    let quantiser = Quantiser(step: step, deadZone: Self.deadZone)
    var used = 0
    var isUnfit: [Bool] = []
    var residual = 0.0
    basis.withUnsafeBufferPointer { basis in
      signals.withUnsafeMutableBufferPointer { signals in
        guard padded > 0 else { return }
        guard most > 0 else {
          residual = largestResidual(samples, nil, rows: rows.count, stride: padded, most: 0)
          return
        }
        MatrixProduct.multiply(
          MatrixView(basis.baseAddress!, rows: most, columns: features),
          by: MatrixView(samples, rows: rows.count, columns: features), transposeB: true, into: signals.baseAddress!,
          targetStride: padded)
        if most < features {
          residual = largestResidual(samples, signals.baseAddress!, rows: rows.count, stride: padded, most: most)
        }
        for c in 0..<most {
          let signal = signals.baseAddress! + c * padded
          for t in rows.count..<padded { signal[t] = signal[rows.count - 1] }
          for (b, code) in blockCodes.enumerated() where code > 0 {
            let inverse = 1 / SpectralSegment.factor(code)
            for t in b * n..<(b + 1) * n { signal[t] *= inverse }
          }
          coefficients.withUnsafeMutableBufferPointer { coefficients in
            cosine.forward(signal, blocks: blocks, into: coefficients.baseAddress!)
            symbols.withUnsafeMutableBufferPointer {
              let target = UnsafeMutableBufferPointer(rebasing: $0[c * padded..<(c + 1) * padded])
              if quantiser.quantise(UnsafeBufferPointer(coefficients), into: target) > 0 {
                if isUnfit.isEmpty { isUnfit = Array(repeating: false, count: blocks) }
                for place in quantiser.unfit(UnsafeBufferPointer(coefficients)) { isUnfit[place % blocks] = true }
              }
              if target.contains(where: { $0 != 0 }) { used = c + 1 }
            }
          }
        }
      }
    }
    symbols.removeLast((most - used) * padded)
    return Quantised(
      segment: SpectralSegment(
        rows: rows, components: used, step: step, offset: Self.deadZone, blockCodes: blockCodes, symbols: symbols,
        exactBytes: []),
      isUnfit: isUnfit, largestResidual: residual / (Double(step) * Double(step)))
  }

  /// The largest over rows of ‖x‖² − Σ_c s[c]², the energy outside the first `most` components; 0 where it is within what
  /// rounding can make of the row's energy.
  private func largestResidual(
    _ samples: UnsafePointer<Float>, _ signals: UnsafePointer<Float>?, rows: Int, stride: Int, most: Int
  ) -> Double {
    var coded = [Double](repeating: 0, count: rows)
    for c in 0..<most {
      let signal = signals! + c * stride
      for t in 0..<rows { coded[t] += Double(signal[t]) * Double(signal[t]) }
    }
    var largest = 0.0
    for t in 0..<rows {
      var energy = 0.0
      for i in 0..<features {
        let x = Double(samples[t * features + i])
        energy += x * x
      }
      let residual = energy - coded[t]
      if residual > 1e-5 * energy { largest = max(largest, residual) }
    }
    return largest
  }

  /// Writes the rows of features that a segment stands for, (rows, n). Components without coefficients take no time.
  func inverse(_ segment: SpectralSegment, into samples: UnsafeMutablePointer<Float>) {
    let n = cosine.blockLength
    let blocks = SpectralSegment.blocks(rows: segment.rows.count, blockLength: n)
    let padded = blocks * n
    let live = segment.liveComponents(blockLength: n)
    guard !live.isEmpty else {
      samples.update(repeating: 0, count: segment.rows.count * features)
      return
    }
    let quantiser = Quantiser(step: segment.step, bias: -segment.offset)
    var signals = [Float](unsafeUninitializedCapacity: live.count * padded) { $1 = live.count * padded }
    var vectors = [Float](unsafeUninitializedCapacity: live.count * features) { $1 = live.count * features }
    var coefficients = [Float](repeating: 0, count: padded)
    signals.withUnsafeMutableBufferPointer { signals in
      vectors.withUnsafeMutableBufferPointer { vectors in
        basis.withUnsafeBufferPointer { basis in
          for (place, c) in live.enumerated() {
            let signal = signals.baseAddress! + place * padded
            segment.symbols.withUnsafeBufferPointer { symbols in
              coefficients.withUnsafeMutableBufferPointer {
                quantiser.dequantise(UnsafeBufferPointer(rebasing: symbols[c * padded..<(c + 1) * padded]), into: $0)
                cosine.inverse($0.baseAddress!, blocks: blocks, into: signal)
              }
            }
            for (b, code) in segment.blockCodes.enumerated() where code > 0 {
              let factor = SpectralSegment.factor(code)
              for t in b * n..<(b + 1) * n { signal[t] *= factor }
            }
            (vectors.baseAddress! + place * features).update(from: basis.baseAddress! + c * features, count: features)
          }
        }
        MatrixProduct.multiply(
          MatrixView(signals.baseAddress!, rows: live.count, columns: segment.rows.count, stride: padded),
          transposeA: true, by: MatrixView(vectors.baseAddress!, rows: live.count, columns: features), into: samples)
      }
    }
  }
}

extension SpectralSegment {
  /// Components that have a non-zero coefficient, ascending.
  func liveComponents(blockLength: Int) -> [Int] {
    let size = blockLength * Self.blocks(rows: rows.count, blockLength: blockLength)
    return symbols.withUnsafeBufferPointer { symbols in
      (0..<components).filter { c in
        UnsafeBufferPointer(rebasing: symbols[c * size..<(c + 1) * size]).contains { $0 != 0 }
      }
    }
  }
}
