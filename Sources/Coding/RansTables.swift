import CKernels

/// A family's models in the forms that encoder and decoder use, made once; what the pointers show is never freed or
/// changed.
struct RansTables: @unchecked Sendable {
  /// The 26 models for the C kernels.
  let models: UnsafePointer<fkv_rans_model>
  /// One-sided frequencies of each table, the escape's last.
  let frequencies: [[UInt32]]
  /// Cumulative starts of each table's entries: positive values of a magnitude first, then the negative ones.
  let starts: [[UInt32]]
  /// Cost in 2^-10 bits of magnitudes 0…15 of each table, 16 a table, escape bits included.
  let costs: UnsafePointer<UInt32>
  /// Cost of each table's escape symbol.
  let escapeCosts: UnsafePointer<UInt32>

  static func of(_ family: CoefficientModels.Family) -> RansTables {
    switch family {
    case .laplace: laplace
    case .normal: normal
    }
  }

  private static let laplace = RansTables(.laplace)
  private static let normal = RansTables(.normal)

  private init(_ family: CoefficientModels.Family) {
    let tables = CoefficientModels.frequencies(family)
    let models = UnsafeMutablePointer<fkv_rans_model>.allocate(capacity: tables.count)
    for (table, entries) in tables.enumerated() {
      models[table] = fkv_rans_model()
      fkv_rans_make_model(models + table, entries, UInt32(entries.count - 1))
    }
    self.models = UnsafePointer(models)
    frequencies = tables.map { $0.map(UInt32.init) }
    starts = tables.map { entries in
      entries.indices.map { k in
        entries[..<k].enumerated().reduce(0) { $0 + UInt32($1.element) * ($1.offset == 0 ? 1 : 2) }
      }
    }
    escapeCosts = Self.kept(tables.map { Self.cost($0.last!) })
    let costs = tables.flatMap { entries in
      (0..<16).map { k in
        let escape = entries.count - 1
        guard k >= escape else { return Self.cost(entries[k]) }
        return Self.cost(entries[escape]) + 1024 * UInt32(Escape.bits(k - escape))
      }
    }
    self.costs = Self.kept(costs)
  }

  private static func kept(_ values: [UInt32]) -> UnsafePointer<UInt32> {
    let copy = UnsafeMutablePointer<UInt32>.allocate(capacity: values.count)
    copy.initialize(from: values, count: values.count)
    return UnsafePointer(copy)
  }

  /// −log2(frequency / 2^15) in 2^-10 bits, rounded down; by squaring, so that every machine gets the same.
  static func cost(_ frequency: UInt16) -> UInt32 {
    let whole = 15 - frequency.leadingZeroBitCount
    var mantissa = UInt64(frequency) << UInt64(31 - whole)  // in [2^31, 2^32)
    var log = UInt32(whole)
    for _ in 0..<10 {
      mantissa = (mantissa * mantissa) >> 31
      log = log << 1 | UInt32(mantissa >> 32)
      if mantissa >> 32 == 1 { mantissa >>= 1 }
    }
    return 15 * 1024 - log
  }
}

/// Values beyond a table: how far the magnitude exceeds the escape in order-0 exponential Golomb code, then the sign.
enum Escape {
  /// The bits of an excess, its sign's bit included.
  static func bits(_ excess: Int) -> Int { BitWriter.golombBits(excess, order: 0) + 1 }
}
