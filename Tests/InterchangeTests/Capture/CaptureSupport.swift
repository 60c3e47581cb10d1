import FileIO
import KVCacheModel
import TestSupport

@testable import Interchange

/// The whole of a source in memory.
func collect(_ source: some CacheSource) throws -> MemoryCache {
  let layers = source.description.geometry.layers.indices
  return MemoryCache(
    description: source.description, keys: try layers.map { try source.tensor(.key, layer: $0) },
    values: try layers.map { try source.tensor(.value, layer: $0) },
    queries: try layers.compactMap { try source.probeQueries(layer: $0) })
}

/// A safetensors file taken apart, so that a test can change it and put it together again.
struct LooseFile {
  var metadata: [String: String]
  var tensors: [(declaration: SafetensorsWriter.Declaration, bytes: [UInt8])]

  init(path: String) throws {
    let file = try SafetensorsFile(path: path)
    metadata = file.metadata
    tensors = try file.names.map { name in
      let tensor = try file.tensor(name)
      return (.init(name, tensor.dataType, shape: tensor.shape), try file.read(name))
    }
  }

  subscript(name: String) -> (declaration: SafetensorsWriter.Declaration, bytes: [UInt8]) {
    get { tensors.first { $0.declaration.name == name }! }
    set { tensors[tensors.firstIndex { $0.declaration.name == name }!] = newValue }
  }

  func write(to path: String) throws {
    let writer = try SafetensorsWriter(path: path, tensors: tensors.map(\.declaration), metadata: metadata)
    for tensor in tensors { try writer.append(tensor.bytes, to: tensor.declaration.name) }
    try writer.commit()
  }
}
