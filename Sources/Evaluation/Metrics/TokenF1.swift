/// How far the words of two answers are the same, whatever their order.
public enum TokenF1 {
  /// F1 of the words that both have, 0…1.
  ///
  ///     P = c / |prediction|,   R = c / |reference|,   F1 = 2 P R / (P + R)
  ///
  /// where c counts each common word as often as the one has it that has it less often. Without a common word, 0, also
  /// if both are empty.
  public static func score(prediction: [String], reference: [String]) -> Double {
    var left: [String: Int] = [:]
    for word in reference { left[word, default: 0] += 1 }
    var common = 0
    for word in prediction {
      guard let count = left[word], count > 0 else { continue }
      left[word] = count - 1
      common += 1
    }
    guard common > 0 else { return 0 }
    let (precision, recall) = (Double(common) / Double(prediction.count), Double(common) / Double(reference.count))
    return 2 * precision * recall / (precision + recall)
  }
}
