import Interchange

/// The formats that caches are converted from and to.
public enum CacheFormats {
  /// All of them; the order in which a file's format is told.
  public static let all: [any CacheFormat] = [
    CaptureFormat(),
    MLXFormat(),
    TransformersFormat(),
    TorchFormat(),
  ]
}
