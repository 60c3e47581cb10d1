/// Memory, in bytes, and work, in steps, that decoding a part takes; see `DecodingLimits`. Sums and products stop at
/// `Int.max`.
package struct DecodingCost: Hashable, Sendable {
  package var memory = 0
  package var work = 0

  /// Steps of one decoded symbol of a coefficient stream.
  private static let symbolSteps = 16
  /// Steps of one sample of a Fourier transform, for each doubling of its length.
  private static let transformSteps = 16

  /// The parts' memory together with work one after the other.
  static func + (a: DecodingCost, b: DecodingCost) -> DecodingCost {
    DecodingCost(memory: a.memory.addingSaturated(b.memory), work: a.work.addingSaturated(b.work))
  }

  /// `bytes` of memory.
  static func memory(_ bytes: Int...) -> DecodingCost {
    DecodingCost(memory: bytes.reduce(0) { $0.addingSaturated($1) })
  }

  /// The product of `factors`, of bytes.
  static func product(_ factors: Int...) -> Int { factors.reduce(1) { $0.multipliedSaturated(by: $1) } }

  /// Steps of one cosine or sine.
  private static let cosineSteps = 64

  /// Steps of Fourier transforms of `samples` numbers in all, each transform of `length`.
  static func transforms(samples: Int, length: Int) -> Int {
    let doublings = Int.bitWidth - length.leadingZeroBitCount
    return product(samples, doublings, transformSteps)
  }

  /// Steps of a section of profile `fourier`: one transform of a period for each spectral feature.
  static func fourier(elements: Int, spectral: Int, period: Int) -> Int {
    product(4, elements).addingSaturated(transforms(samples: product(spectral, period), length: period))
  }

  /// Decoding `count` symbols of a coefficient stream.
  static func symbols(_ count: Int) -> DecodingCost {
    DecodingCost(memory: product(count, MemoryLayout<Int16>.size), work: product(count, symbolSteps))
  }

  /// Making the n × n matrix of a basis with S reflectors: the matrix, the reflectors and LAPACK's copy of them, and
  /// the 2·n²·S steps of their product.
  static func basis(features n: Int, reflectors s: Int) -> DecodingCost {
    DecodingCost(memory: product(4, n, n).addingSaturated(product(4, n, s)), work: product(n, n, 2 * s + 1))
  }

  /// Making the N × N matrix of a cosine transform.
  static func cosines(blockLength n: Int) -> DecodingCost {
    DecodingCost(memory: product(4, n, n), work: product(n, n, cosineSteps))
  }

  /// Making the tables of a rotary embedding: a cosine and a sine of each token and pair.
  static func rotation(tokens: Int, pairs: Int) -> DecodingCost {
    DecodingCost(memory: product(8, tokens, pairs), work: product(tokens, pairs, 2 * cosineSteps))
  }

  /// Throws unless this is within `allowed`.
  ///
  /// - Throws: `CodecError.memoryLimit`, `CodecError.workLimit`.
  func check(_ place: String, within allowed: DecodingCost) throws {
    guard memory <= allowed.memory else {
      throw CodecError.memoryLimit(place: place, needed: memory, allowed: allowed.memory)
    }
    guard work <= allowed.work else {
      throw CodecError.workLimit(place: place, needed: work, allowed: allowed.work)
    }
  }
}
