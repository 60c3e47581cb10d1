import KVCacheModel

/// One layer of a prompt cache: where its rows are, and how they are coded.
struct MLXLayer {
  /// How the numbers of keys or values lie in the file.
  enum Coding: Hashable {
    /// Numbers as they are.
    case plain
    /// Affine quantisation: `bits` for each number, one scale and one bias for `groupSize` of them.
    case quantized(groupSize: Int, bits: Int)
  }

  var facts: ForeignFacts.Layer
  /// The rows of the tensors that hold tokens, in the order of their positions.
  var rows: [Range<Int>]
  /// Rows that the tensors have, valid or not.
  var rowCount: Int
  var coding: Coding
  var keyType: ElementType
  var valueType: ElementType

  /// Reads what the file says of layer `index`, an object of class `name`.
  ///
  /// - Throws: `ForeignError` for classes that hold something else than the keys and values of one sequence, and for
  ///   fields that contradict each other.
  init(_ index: Int, class name: String, in states: MLXStates) throws {
    switch name {
    case "KVCache", "ConcatenateKVCache": try self.init(plain: index, class: name, in: states)
    case "RotatingKVCache": try self.init(rotating: index, in: states)
    case "QuantizedKVCache": try self.init(quantized: index, in: states)
    default:
      throw ForeignError.unsupported(path: states.file.path, what: "the class of layer \(index)", found: name)
    }
  }

  private init(plain index: Int, class name: String, in states: MLXStates) throws {
    try self.init(numbers: index, in: states)
    if states.dialect == .scalarTensors, name == "KVCache" {
      let count = try states.integer(index, tensor: 2, text: 0, what: "offset", in: 0...rowCount)
      rows = [0..<count]
    }
    facts.tokens = rows[0].count
  }

  /// A ring: of `max_size` rows, the first `keep` stay, the others are overwritten in turn from row `_idx` on.
  private init(rotating index: Int, in states: MLXStates) throws {
    try self.init(numbers: index, in: states)
    // Versions up to 0.2x and mlx-swift-lm write the step of growth before the offset; the latter adds a sixth text.
    let shift = states.dialect == .stateTexts && 5...6 ~= states.textCount(index) ? 1 : 0
    let limit = 0...CaptureLimit.position
    let offset = try states.integer(index, tensor: 2, text: 2 + shift, what: "offset", in: limit)
    let keep = try states.integer(index, tensor: 3, text: 0, what: "keep", in: limit)
    let size = try states.integer(index, tensor: 4, text: 1, what: "max_size", in: 1...CaptureLimit.position)
    let next = try states.integer(index, tensor: 5, text: 3 + shift, what: "_idx", in: 0...rowCount)
    if offset <= rowCount {
      // Nothing was overwritten yet: row r holds position r.
      guard next == offset else {
        throw ForeignError.invalid(
          path: states.file.path, what: "_idx of layer \(index)", expected: "the offset, \(offset)",
          found: String(next))
      }
      rows = [0..<offset]
    } else {
      guard keep == 0 else {
        throw ForeignError.unsupported(
          path: states.file.path, what: "layer \(index)",
          found: "without the positions \(keep)…\(offset - rowCount + keep - 1)")
      }
      rows = next == rowCount ? [0..<rowCount] : [next..<rowCount, 0..<next]
      facts.firstPosition = offset - rowCount
    }
    facts.tokens = min(offset, rowCount)
    facts.slidingWindow = size
  }

  private init(quantized index: Int, in states: MLXStates) throws {
    let shift = states.dialect == .stateTexts && states.textCount(index) == 4 ? 1 : 0
    let group = try states.integer(
      index, tensor: 3, text: 1 + shift, what: "group_size", in: 1...CaptureLimit.dimension)
    let bits = try states.integer(index, tensor: 4, text: 2 + shift, what: "bits", in: 1...8)
    let (keyNames, valueNames) = (
      Self.quantizedNames(index, .key, states.file), Self.quantizedNames(index, .value, states.file)
    )
    let key = try Self.quantizedShape(keyNames, groupSize: group, bits: bits, in: states)
    let value = try Self.quantizedShape(valueNames, groupSize: group, bits: bits, in: states)
    guard key == value else {
      throw ForeignError.shape(
        path: states.file.path, tensor: valueNames[0], expected: "that of the keys",
        found: [1, value.heads, value.rows, value.elements])
    }
    let count = try states.integer(index, tensor: 2, text: shift, what: "offset", in: 0...key.rows)
    facts = ForeignFacts.Layer(kvHeads: key.heads, headDim: key.elements, tokens: count)
    rows = [0..<count]
    rowCount = key.rows
    coding = .quantized(groupSize: group, bits: bits)
    // scale · q + bias is computed, and given out, in Float32.
    keyType = .float32
    valueType = .float32
  }

  /// Keys and values as they are, all rows valid.
  private init(numbers index: Int, in states: MLXStates) throws {
    let (key, value) = (try states.shape("\(index).0"), try states.shape("\(index).1"))
    guard key == value else {
      throw ForeignError.shape(
        path: states.file.path, tensor: "\(index).1", expected: "that of the keys",
        found: try states.file.tensor("\(index).1").shape)
    }
    facts = ForeignFacts.Layer(kvHeads: key.heads, headDim: key.elements, tokens: key.rows)
    rows = [0..<key.rows]
    rowCount = key.rows
    coding = .plain
    keyType = try states.floatType("\(index).0")
    valueType = try states.floatType("\(index).1")
  }

  /// The names of the words, scales and biases of keys or values: `l.k.0` … `l.k.2` in mlx-lm's files, six tensors
  /// side by side, `l.0` … `l.5`, in those of mlx-swift-lm.
  static func quantizedNames(_ index: Int, _ kind: CacheKind, _ file: SafetensorsFile) -> [String] {
    let place = kind == .key ? 0 : 1
    let isFlat = file.tensors["\(index).0"] != nil
    return (0..<3).map { isFlat ? "\(index).\(3 * place + $0)" : "\(index).\(place).\($0)" }
  }

  /// (H, rows, D) of three tensors that belong together.
  private static func quantizedShape(
    _ names: [String], groupSize: Int, bits: Int, in states: MLXStates
  ) throws -> (heads: Int, rows: Int, elements: Int) {
    let words = try states.shape(names[0])
    guard try states.file.tensor(names[0]).dataType == .uint32 else {
      throw ForeignError.unsupported(
        path: states.file.path, what: "dtype of \(names[0])", found: try states.file.tensor(names[0]).dataType.rawValue
      )
    }
    for part in names.dropFirst() {
      let found = try states.shape(part)
      guard found.heads == words.heads, found.rows == words.rows,
        found.elements * groupSize * bits == words.elements * 32
      else {
        throw ForeignError.shape(
          path: states.file.path, tensor: part,
          expected: "[1, \(words.heads), \(words.rows), groups of \(groupSize)] for \(bits) bits",
          found: try states.file.tensor(part).shape)
      }
      _ = try states.floatType(part)
    }
    let elements = words.elements * 32 / bits
    guard elements <= CaptureLimit.dimension else {
      throw ForeignError.shape(
        path: states.file.path, tensor: names[0], expected: "at most \(CaptureLimit.dimension) dims",
        found: [1, words.heads, words.rows, words.elements])
    }
    return (words.heads, words.rows, elements)
  }
}
