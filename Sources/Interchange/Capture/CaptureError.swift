import KVCacheModel

/// Why a safetensors file is not a capture that fkv can use (formats/capture.md).
public enum CaptureError: Error, Equatable, Sendable {
  /// The metadata lack a key that every capture has.
  case missingKey(path: String, key: String)
  /// The metadata's text under `key` is not what the key needs.
  case value(path: String, key: String, expected: String, found: String)
  /// A format or version that this fkv does not know; the file says `found`.
  case version(path: String, found: String)
  /// A tensor that the metadata ask for is not there.
  case missingTensor(path: String, tensor: String)
  /// A tensor named as a layer's, but of no layer that the metadata declare.
  case unexpectedTensor(path: String, tensor: String)
  /// A tensor has another shape than the metadata declare.
  case shape(path: String, tensor: String, declared: [Int], found: [Int])
  /// A tensor's elements have a type that captures do not use there, or one that differs between layers.
  case dataType(path: String, tensor: String, expected: String, found: SafetensorsDataType)
  /// `positions` do not count up one by one from `expectedFirst`: at `index` stands `found`.
  case position(path: String, index: Int, expected: Int, found: Int)
}

extension CaptureError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .missingKey(let path, let key):
      "\(path): not a complete capture: its metadata have no \"\(excerpt(key))\""
    case .value(let path, let key, let expected, let found):
      "\(path): capture metadata \"\(excerpt(key))\": expected \(expected), found \"\(excerpt(found))\""
    case .version(let path, let found):
      "\(path): not a capture that this fkv reads: needs \(CaptureKey.formatName) version "
        + "\(CaptureKey.currentVersion), found \(excerpt(found))"
    case .missingTensor(let path, let tensor):
      "\(path): not a complete capture: it has no tensor \"\(excerpt(tensor))\""
    case .unexpectedTensor(let path, let tensor):
      "\(path): tensor \"\(excerpt(tensor))\" belongs to no layer that the metadata declare"
    case .shape(let path, let tensor, let declared, let found):
      "\(path): tensor \"\(excerpt(tensor))\" has shape \(found), but the metadata declare \(declared)"
    case .dataType(let path, let tensor, let expected, let found):
      "\(path): tensor \"\(excerpt(tensor))\" holds \(found.rawValue), where \(expected) must be"
    case .position(let path, let index, let expected, let found):
      "\(path): positions must count up one by one: entry \(index) is \(found), must be \(expected)"
    }
  }
}
