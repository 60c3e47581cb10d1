/// The orthonormal Walsh–Hadamard rotation with which llama.cpp spreads outliers before it quantises keys and values.
///
/// It is its own inverse, so that reading a cache applies it once more. Source: llama-kv-cache.cpp
/// (`ggml_gen_hadamard`, `build_input_k_rot`, `build_input_v_rot`).
public struct LlamaCellRotation: Hashable, Sendable {
  /// Elements that the rotation of keys and values spans, in runs along a head; 0 for none.
  public var key: Int
  public var value: Int

  public init(key: Int, value: Int) {
    self.key = key
    self.value = value
  }

  public static let none = LlamaCellRotation(key: 0, value: 0)

  /// What llama.cpp does where it rotates: nothing unless D is a multiple of 64, else keys in runs of the largest
  /// 64·2ᵏ that divides D and values in runs of 64.
  public static func standard(headDim: Int) -> LlamaCellRotation {
    headDim % 64 == 0 ? LlamaCellRotation(key: headDim & -headDim, value: 64) : .none
  }

  /// Turns runs of `size` numbers in place: y = H·x, H₁ = 1, H₂ₙ = [[Hₙ, Hₙ], [Hₙ, −Hₙ]]/√2.
  ///
  /// - Precondition: `size` is a power of two and divides the count.
  static func apply(_ x: UnsafeMutableBufferPointer<Float>, size: Int) {
    precondition(size > 0 && size & (size - 1) == 0 && x.count % size == 0)
    let factor = 1 / Float(size).squareRoot()
    var half = 1
    while half < size {
      for start in stride(from: 0, to: x.count, by: 2 * half) {
        for i in start..<start + half { (x[i], x[i + half]) = (x[i] + x[i + half], x[i] - x[i + half]) }
      }
      half *= 2
    }
    for i in x.indices { x[i] *= factor }
  }
}
