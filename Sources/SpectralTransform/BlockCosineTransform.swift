import ComputeKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The orthonormal type-II cosine transform of N tokens at a time: a signal's Fourier coefficients block by block.
///
///     c[k, b] = Σₙ M[k, n] · x[bN + n],   M[k, n] = s(k)·cos(π(n + ½)k/N),   s(0) = √(1/N), s(k) = √(2/N)
///
/// One signal at a time, as a product with the N × N matrix through OpenBLAS: for the short blocks in use that is faster
/// than a fast transform (FFTW's own DCT reaches a sixth of its FFT's speed).
public struct BlockCosineTransform: Sendable {
  /// N.
  public let blockLength: Int
  /// M, (N, N): row k is frequency k.
  public let matrix: [Float]

  public init(blockLength n: Int) {
    precondition(n >= 1 && n <= 1024)
    blockLength = n
    matrix = (0..<n * n).map { index in
      let (k, t) = (index / n, index % n)
      let scale = (k == 0 ? 1.0 : 2.0) / Double(n)
      return Float(scale.squareRoot() * cos(Double.pi * (Double(t) + 0.5) * Double(k) / Double(n)))
    }
  }

  /// Coefficients of one signal of `blocks`·N samples.
  ///
  /// - Shape: `coefficients` is (N, blocks): row k holds frequency k of all blocks.
  public func forward(_ signal: UnsafePointer<Float>, blocks: Int, into coefficients: UnsafeMutablePointer<Float>) {
    matrix.withUnsafeBufferPointer {
      MatrixProduct.multiply(
        MatrixView($0.baseAddress!, rows: blockLength, columns: blockLength),
        by: MatrixView(signal, rows: blocks, columns: blockLength), transposeB: true, into: coefficients)
    }
  }

  /// The signal of coefficients laid as `forward` lays them.
  public func inverse(_ coefficients: UnsafePointer<Float>, blocks: Int, into signal: UnsafeMutablePointer<Float>) {
    matrix.withUnsafeBufferPointer {
      MatrixProduct.multiply(
        MatrixView(coefficients, rows: blockLength, columns: blocks), transposeA: true,
        by: MatrixView($0.baseAddress!, rows: blockLength, columns: blockLength), into: signal)
    }
  }
}
