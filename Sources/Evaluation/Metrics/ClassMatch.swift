/// Whether an answer names the right class.
public enum ClassMatch {
  /// 1 / n if the right class is among the n classes that the prediction names, else 0.
  ///
  /// A class is named where its text occurs anywhere in the prediction. From those, a class is dropped whose text is a
  /// part of the right one's, such as `time` next to `lifetime`. As in LongBench, the class that follows a dropped one in
  /// the list is not looked at and stays.
  public static func score(prediction: String, reference: String, classes: [String]) -> Double {
    var named = classes.filter(prediction.containsScalars)
    var index = 0
    while index < named.count {
      if named[index] != reference, reference.containsScalars(named[index]) { named.remove(at: index) }
      index += 1
    }
    return named.contains(reference) ? 1 / Double(named.count) : 0
  }
}
