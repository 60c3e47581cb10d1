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

  /// vⱼ of a reflector's integers.
  static func reflector(_ list: [Int16]) -> [Float] {
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
