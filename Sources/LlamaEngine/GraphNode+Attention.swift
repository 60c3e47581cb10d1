import CLlama
import Interchange

/// What happened to the keys of a layer before they were cached.
enum KeyRotation: Hashable {
  /// No rotary operation.
  case none
  /// One rotary operation, and nothing after it.
  case rotary(GGMLRotaryParameters)
  /// A rotary operation that something else follows, or that does not begin at a head's first element.
  case inseparable
}

extension GraphNode {
  /// The layer of the cache tensor that the node is, or is a view of: `cache_k_l7` → 7; nil for other tensors.
  func cacheLayer(_ prefix: String) -> Int? {
    let name = root.name
    return name.hasPrefix(prefix) ? Int(name.dropFirst(prefix.count)) : nil
  }

  /// What a node that is written into the key cache went through.
  var keyRotation: KeyRotation {
    var node = self
    while node.isRearrangement, let source = node.source(0) { node = source }
    if node.operation == GGML_OP_ROPE { return node.rotaryParameters.map(KeyRotation.rotary) ?? .inseparable }
    return node.hasRotaryAncestor ? .inseparable : .none
  }

  /// The product of the constants that a query is multiplied by between its last other operation and the attention.
  var trailingScale: Float {
    var node = self
    var scale: Float = 1
    while let source = node.source(0) {
      if node.operation == GGML_OP_SCALE, node.floatParameter(1) == 0 {
        scale *= node.floatParameter(0)
      } else if !node.isRearrangement {
        break
      }
      node = source
    }
    return scale
  }

  /// The arguments of a rotary node; nil where they cannot be told by `GGMLRotaryParameters`.
  private var rotaryParameters: GGMLRotaryParameters? {
    let dimensions = Int(integerParameter(1))
    guard dimensions > 0, dimensions % 2 == 0, integerParameter(15) == 0, integerParameter(14) == 0 else { return nil }
    var factors: [Float]?
    if let tensor = source(2) {
      guard tensor.elementType == GGML_TYPE_F32, tensor.shape.0 >= dimensions / 2 else { return nil }
      factors = tensor.bytes().withUnsafeBytes { Array($0.bindMemory(to: Float.self).prefix(dimensions / 2)) }
    }
    return GGMLRotaryParameters(
      mode: integerParameter(2), dimensions: dimensions, originalContext: Int(integerParameter(4)),
      base: floatParameter(5), frequencyScale: floatParameter(6), extensionFactor: floatParameter(7),
      attentionFactor: floatParameter(8), betaFast: floatParameter(9), betaSlow: floatParameter(10),
      factors: factors)
  }

  /// Whether a rotary operation lies between the node and the matrix products that it comes from.
  private var hasRotaryAncestor: Bool {
    let passed: [ggml_op] = [
      GGML_OP_NORM, GGML_OP_RMS_NORM, GGML_OP_L2_NORM, GGML_OP_ADD, GGML_OP_SUB, GGML_OP_MUL, GGML_OP_DIV,
      GGML_OP_SCALE, GGML_OP_CLAMP, GGML_OP_CONCAT, GGML_OP_CPY, GGML_OP_DUP, GGML_OP_REPEAT,
    ]
    var open = [self]
    var seen = Set<UnsafeMutablePointer<ggml_tensor>>()
    while let node = open.popLast() {
      if node.operation == GGML_OP_ROPE { return true }
      guard seen.insert(node.pointer).inserted, node.isRearrangement || passed.contains(node.operation) else {
        continue
      }
      open += node.sources
    }
    return false
  }
}
