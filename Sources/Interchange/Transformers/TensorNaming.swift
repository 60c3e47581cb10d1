import KVCacheModel

/// Which layer's keys or values a tensor holds, told from the names that people give (formats/transformers.md).
struct TensorNaming: Hashable {
  var layer: Int
  var kind: CacheKind

  /// Reads a name; nil where it does not say both, or could mean several things.
  ///
  /// A name is cut into words and numbers wherever letters end. It names a cache tensor if it has
  /// - one number, the layer, and the word `k`, `key`, `keys`, `v`, `value` or `values`, of which the last counts:
  ///   `layers.0.keys`, `key_cache.0`, `past_key_values.0.key`, `k_0`; or
  /// - two numbers, the layer and then 0 for keys or 1 for values, and none of those words after them:
  ///   `past_key_values.0.1`.
  init?(_ name: String) {
    var numbers: [Int] = []
    var kinds: [CacheKind] = []
    var kindFollowsNumber = false
    for word in Self.words(name) {
      if let number = Int(word) {
        guard numbers.count < 2, number <= CaptureLimit.dimension else { return nil }
        numbers.append(number)
        kindFollowsNumber = false
      } else if let kind = Self.kinds[word] {
        kinds.append(kind)
        kindFollowsNumber = !numbers.isEmpty
      }
    }
    if numbers.count == 1, let kind = kinds.last {
      self.init(layer: numbers[0], kind: kind)
    } else if numbers.count == 2, numbers[1] <= 1, !kindFollowsNumber {
      self.init(layer: numbers[0], kind: numbers[1] == 0 ? .key : .value)
    } else {
      return nil
    }
  }

  init(layer: Int, kind: CacheKind) {
    self.layer = layer
    self.kind = kind
  }

  /// The names of the keys and of the values of each layer, in the order of layers; names of nothing else are passed
  /// over.
  ///
  /// - Throws: `ForeignError` if a layer has two keys or values, or lacks one.
  static func layers(_ names: [String], path: String) throws -> [(key: String, value: String)] {
    var found: [TensorNaming: String] = [:]
    for name in names {
      guard let naming = TensorNaming(name), let other = found.updateValue(name, forKey: naming) else { continue }
      throw ForeignError.invalid(
        path: path, what: "tensor \"\(name)\"",
        expected: "one tensor for the \(naming.kind.name)s of layer \(naming.layer)", found: "\"\(other)\" too")
    }
    guard let last = found.keys.map(\.layer).max() else { return [] }
    // Not mapped: that would set aside memory for as many layers as a name counts, of which one may be missing.
    var layers: [(key: String, value: String)] = []
    for layer in 0...last {
      let parts = try CacheKind.allCases.map { kind in
        guard let name = found[TensorNaming(layer: layer, kind: kind)] else {
          throw ForeignError.missing(path: path, what: "tensor for the \(kind.name)s of layer \(layer)")
        }
        return name
      }
      layers.append((parts[0], parts[1]))
    }
    return layers
  }

  /// Whose numbers a tensor holds for all layers, by a name with one of the words for keys or values and no number:
  /// `keys`, `value_cache`; nil for any other name.
  static func kind(ofStack name: String) -> CacheKind? {
    let words = words(name)
    let named = words.compactMap { kinds[$0] }
    return named.count == 1 && !words.contains { Int($0) != nil } ? named[0] : nil
  }

  private static let kinds: [String: CacheKind] = [
    "k": .key, "key": .key, "keys": .key, "v": .value, "value": .value, "values": .value,
  ]

  /// Runs of ASCII letters, in lower case, and runs of digits.
  private static func words(_ name: String) -> [String] {
    var words: [String] = []
    var last: (isDigit: Bool, isOpen: Bool) = (false, false)
    for byte in name.utf8 {
      let isDigit = 0x30...0x39 ~= byte
      let isLetter = 0x41...0x5A ~= byte || 0x61...0x7A ~= byte
      guard isDigit || isLetter else {
        last.isOpen = false
        continue
      }
      let character = Character(Unicode.Scalar(isDigit ? byte : byte | 0x20))
      if last.isOpen, last.isDigit == isDigit {
        words[words.count - 1].append(character)
      } else {
        words.append(String(character))
      }
      last = (isDigit, true)
    }
    return words
  }
}
