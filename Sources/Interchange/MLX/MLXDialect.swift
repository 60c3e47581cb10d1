/// How a version of mlx-lm lays a prompt cache out in a safetensors file (formats/mlx.md).
public enum MLXDialect: String, Hashable, Sendable, CaseIterable {
  /// mlx-lm before 0.32: buffers cut to what is valid, offsets and the like as texts. Metadata are the flattened list
  /// [state texts a layer, the user's texts, class names].
  case stateTexts = "0.31"
  /// mlx-lm 0.32: whole buffers, offsets and the like as scalar tensors. Metadata are the flattened list [the user's
  /// texts, class names, names of tensors that stand for other values].
  case scalarTensors = "0.32"

  /// Where the class names stand in the list.
  var classIndex: Int { self == .stateTexts ? 2 : 1 }
  /// Where the user's texts stand in the list.
  var userIndex: Int { self == .stateTexts ? 1 : 0 }

  /// The dialect of a file with those metadata; nil if they are not those of a prompt cache.
  ///
  /// The newer list ends in a list whose first element is the empty text; the older one ends in the class names.
  public init?(metadata: [String: String]) {
    if metadata["2.0"] == "", metadata["1.0"]?.hasSuffix("Cache") == true || metadata["1.0"] == "CacheList" {
      self = .scalarTensors
    } else if let name = metadata["2.0"], name.hasSuffix("Cache") || name == "CacheList" {
      self = .stateTexts
    } else {
      return nil
    }
  }
}
