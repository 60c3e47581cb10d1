import CLlama

/// A node of llama.cpp's computation graph, valid while the callback that handed it out runs.
struct GraphNode {
  let pointer: UnsafeMutablePointer<ggml_tensor>

  var operation: ggml_op { pointer.pointee.op }
  /// Elements along each of the four dimensions, innermost first.
  var shape: (Int, Int, Int, Int) {
    let ne = pointer.pointee.ne
    return (Int(ne.0), Int(ne.1), Int(ne.2), Int(ne.3))
  }
  /// Bytes from one element to the next along each dimension.
  var strides: (Int, Int, Int, Int) { pointer.pointee.nb }
  var elementType: ggml_type { pointer.pointee.type }

  /// The tensor that the node is a view of, or the node itself.
  var root: GraphNode { pointer.pointee.view_src.map(GraphNode.init(pointer:)) ?? self }

  var name: String { String(cString: ggml_get_name(pointer)) }

  /// What the node is computed from; nil where there is no such input.
  func source(_ index: Int) -> GraphNode? {
    withUnsafeBytes(of: pointer.pointee.src) {
      $0.bindMemory(to: UnsafeMutablePointer<ggml_tensor>?.self)[index]
    }.map(GraphNode.init(pointer:))
  }

  /// The inputs that the node has.
  var sources: [GraphNode] { (0..<Int(GGML_MAX_SRC)).compactMap(source) }

  func integerParameter(_ index: Int) -> Int32 {
    withUnsafeBytes(of: pointer.pointee.op_params) { $0.bindMemory(to: Int32.self)[index] }
  }

  func floatParameter(_ index: Int) -> Float { Float(bitPattern: UInt32(bitPattern: integerParameter(index))) }

  /// The node's bytes, from its first element to its last, whatever device they lie on.
  func bytes() -> [UInt8] {
    let count = ggml_nbytes(pointer)
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      ggml_backend_tensor_get(pointer, buffer.baseAddress, 0, count)
      initialized = count
    }
  }

  /// Whether the node only shows its first input in another shape or order.
  var isRearrangement: Bool {
    [GGML_OP_VIEW, GGML_OP_RESHAPE, GGML_OP_PERMUTE, GGML_OP_TRANSPOSE, GGML_OP_CONT].contains(operation)
  }
}
