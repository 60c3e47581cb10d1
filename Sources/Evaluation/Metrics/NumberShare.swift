/// The right number among those that an answer gives: for counting, and for naming a paragraph.
public enum NumberShare {
  /// The share of the numbers in the prediction that are written as `number` is, 0…1; 0 without any.
  ///
  /// A number is a run of decimal digits, so `3.5` is two and `-3` is `3`; `03` is not `3`.
  public static func score(prediction: String, number: String) -> Double {
    let numbers = prediction.decimalRuns
    guard !numbers.isEmpty else { return 0 }
    return Double(numbers.count { $0 == number }) / Double(numbers.count)
  }

  /// The digits after the first `label` in a text that digits follow; nil if there is none.
  public static func labelled(_ label: String, in text: String) -> String? {
    let (scalars, label) = (Array(text.unicodeScalars), Array(label.unicodeScalars))
    guard scalars.count > label.count else { return nil }
    for start in 0..<scalars.count - label.count where scalars[start...].starts(with: label) {
      let digits = scalars[(start + label.count)...].prefix(while: \.isDecimalDigit)
      if !digits.isEmpty { return String(String.UnicodeScalarView(digits)) }
    }
    return nil
  }
}
