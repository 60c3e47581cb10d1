/// The orthonormal Walsh–Hadamard transform, its own inverse, as llama.cpp rotates heads of quantised caches with.
enum WalshHadamard {
  /// Transforms runs of `size` numbers in place: y = H·x with H₁ = 1, H₂ₙ = [[Hₙ, Hₙ], [Hₙ, −Hₙ]]/√2.
  ///
  /// - Precondition: `size` is a power of two and divides the count.
  static func apply(_ values: inout [Float], size: Int) {
    precondition(size > 0 && size & (size - 1) == 0 && values.count % size == 0)
    let factor = 1 / Float(size).squareRoot()
    values.withUnsafeMutableBufferPointer { x in
      for start in stride(from: 0, to: x.count, by: size) {
        var half = 1
        while half < size {
          for block in stride(from: start, to: start + size, by: 2 * half) {
            for i in block..<block + half {
              let (a, b) = (x[i], x[i + half])
              x[i] = a + b
              x[i + half] = a - b
            }
          }
          half *= 2
        }
        for i in start..<start + size { x[i] *= factor }
      }
    }
  }
}
