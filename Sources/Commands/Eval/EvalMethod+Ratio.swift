extension EvalMethod {
  /// The ratio that a method was asked for, where what it kept has less.
  ///
  /// - Parameters:
  ///   - name: as in tables and logs.
  ///   - reached: raw bytes over file bytes.
  /// - Returns: nil for methods that are asked for no ratio, and where it was reached.
  public static func unmetRatio(of name: String, reached: Double) -> Double? {
    guard let asked = (try? EvalMethod(name))?.askedRatio, reached < asked else { return nil }
    return asked
  }

  /// The 12 of `spectral@12x` and `streaming@12x`.
  private var askedRatio: Double? {
    switch way {
    case .spectral(let parameters): if case .ratio(let ratio) = parameters.rate { ratio } else { nil }
    case .streaming(let ratio): ratio
    case .full, .lossless, .fourier, .blocks, .kivi: nil
    }
  }
}
