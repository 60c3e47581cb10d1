import Commands

/// A method's ratio in the tables of evaluations.
enum EvalRatio {
  /// `12.1×`, or `8.53× of 12.0×` where the method was asked for more than it reached.
  static func text(_ reached: Double, method: String) -> String {
    Format.ratio(reached, unmet: EvalMethod.unmetRatio(of: method, reached: reached))
  }
}
