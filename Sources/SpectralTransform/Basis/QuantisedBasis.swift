import ComputeKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// An orthonormal basis of Rⁿ in few integers: its first S vectors as Householder reflectors, the rest for free.
///
/// Vector j is written in the frame that the reflectors before it leave, where its elements before j are 0. The others
/// are quantised with step δⱼ, and the reflector that takes eⱼ to the quantised vector is applied; the quantisation
/// error of one vector is thus seen, and made up for, by the next. However coarse the integers, the basis is orthonormal:
/// the vectors S…n−1 are its complement.
///
///     x̂ⱼ = qⱼ/‖qⱼ‖,   vⱼ = x̂ⱼ − sⱼ·eⱼ,   sⱼ = −sign(qⱼ[0]) (+1 if qⱼ[0] < 0),   Hⱼ = I − 2vⱼvⱼᵀ/‖vⱼ‖²
///     basis = columns of H₀·H₁·…·H_{S−1}
public struct QuantisedBasis: Hashable, Sendable {
  /// n.
  public let dimension: Int
  /// qⱼ of each reflector: n − j integers, not all 0.
  public let integers: [[Int16]]

  /// S.
  public var count: Int { integers.count }

  /// - Precondition: at most n lists, list j of n − j integers that are not all 0.
  public init(dimension: Int, integers: [[Int16]]) {
    precondition(integers.count <= dimension)
    for (j, list) in integers.enumerated() {
      precondition(list.count == dimension - j && list.contains { $0 != 0 }, "reflector \(j) is malformed")
    }
    self.dimension = dimension
    self.integers = integers
  }

  /// Quantises the leading vectors of an orthonormal basis.
  ///
  /// - Parameters:
  ///   - vectors: (S or more, n), row j is vector j.
  ///   - steps: δⱼ of the S vectors to keep; smaller is finer. Integers beyond ±32767 make the step coarser.
  public init(vectors: [Float], dimension n: Int, steps: [Float]) {
    let s = steps.count
    precondition(s <= n && vectors.count >= s * n)
    var rest = Array(vectors[0..<s * n])
    var lists: [[Int16]] = []
    lists.reserveCapacity(s)
    for j in 0..<s {
      let own = Array(rest[j * n + j..<(j + 1) * n])
      let list = Self.quantise(own, step: steps[j])
      lists.append(list)
      let v = Self.reflector(list)
      // The vectors that follow, seen in the frame that this reflector leaves.
      rest.withUnsafeMutableBufferPointer { rest in
        let scale = 2 / v.reduce(Float(0)) { $0 + $1 * $1 }
        for k in j + 1..<max(s, j + 1) {
          let row = rest.baseAddress! + k * n + j
          var dot: Float = 0
          for i in v.indices { dot += row[i] * v[i] }
          let factor = dot * scale
          for i in v.indices { row[i] -= factor * v[i] }
        }
      }
    }
    self.init(dimension: n, integers: lists)
  }

  private static func quantise(_ x: [Float], step: Float) -> [Int16] {
    let norm = x.reduce(Float(0)) { $0 + $1 * $1 }.squareRoot()
    guard norm > 0, norm.isFinite else { return [1] + Array(repeating: 0, count: x.count - 1) }
    let peak = x.reduce(Float(0)) { Swift.max($0, abs($1)) } / norm
    let inverse = 1 / (norm * Swift.max(step, peak / 32_000))
    let list = x.map { Int16(($0 * inverse).rounded()) }
    if list.contains(where: { $0 != 0 }) { return list }
    var single = [Int16](repeating: 0, count: x.count)
    let largest = x.indices.max { abs(x[$0]) < abs(x[$1]) }!
    single[largest] = x[largest] < 0 ? -1 : 1
    return single
  }

  private static func reflector(_ list: [Int16]) -> [Float] {
    let norm = list.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    var v = list.map { Float(Double($0) / norm) }
    v[0] += v[0] < 0 ? -1 : 1
    return v
  }

  /// All n basis vectors: (n, n), row j is vector j, up to its sign.
  ///
  /// - Complexity: O(n²·S).
  public func vectors() -> [Float] {
    var reflectors = [Float](repeating: 0, count: count * dimension)
    for (j, list) in integers.enumerated() {
      let v = Self.reflector(list)
      for i in v.indices { reflectors[j * dimension + j + i] = v[i] }
    }
    return ReflectorProduct.columns(reflectors: reflectors, count: count, dimension: dimension)
  }
}
