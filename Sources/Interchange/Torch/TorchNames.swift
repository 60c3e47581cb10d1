/// The classes and functions of a pickle that say something of a cache. They are names here: nothing is imported or run.
enum TorchNames {
  /// Types of storages by class.
  static let storages: [String: SafetensorsDataType] = [
    "torch HalfStorage": .float16, "torch BFloat16Storage": .bfloat16, "torch FloatStorage": .float32,
    "torch DoubleStorage": .float64, "torch LongStorage": .int64, "torch IntStorage": .int32,
    "torch ShortStorage": .int16, "torch CharStorage": .int8, "torch ByteStorage": .uint8, "torch BoolStorage": .bool,
  ]

  /// Functions whose result is taken over.
  static let rebuildTensor = "torch._utils _rebuild_tensor_v2"
  static let rebuildParameter = "torch._utils _rebuild_parameter"
  static let orderedDictionary = "collections OrderedDict"
  static let size = "torch Size"

  /// Functions and classes whose results are of no use for a cache, but harmless.
  static let inert: Set<String> = ["torch device", "__builtin__ set", "builtins set"]

  /// Element types, which occur as values only.
  static let types: Set<String> = [
    "torch float16", "torch bfloat16", "torch float32", "torch float64", "torch int64", "torch int32", "torch int16",
    "torch int8", "torch uint8", "torch bool",
  ]

  /// Classes of Transformers whose objects are taken as their attributes.
  static let classes: Set<String> = [
    "transformers.cache_utils DynamicCache", "transformers.cache_utils DynamicLayer",
    "transformers.cache_utils DynamicSlidingWindowLayer",
  ]

  /// Whether it is one of them; what any other name makes is passed over, or refused by that name.
  static func allows(_ name: String) -> Bool {
    storages[name] != nil || inert.contains(name) || types.contains(name) || classes.contains(name)
      || [rebuildTensor, rebuildParameter, orderedDictionary, size].contains(name)
  }
}
