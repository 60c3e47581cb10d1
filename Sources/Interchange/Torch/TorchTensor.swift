/// One entry `data/{key}` of a torch archive.
struct TorchStorage: Hashable, Sendable {
  /// Its name below `data/`.
  var key: String
  var type: SafetensorsDataType
  /// Elements.
  var count: Int
}

/// A view of a storage.
struct TorchTensor: Hashable, Sendable {
  var storage: TorchStorage
  var view: StridedView
}
