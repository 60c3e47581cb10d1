import FileIO
import KVCacheModel
import TestSupport
import Testing

@testable import Interchange

/// Captures that contradict themselves, one fact at a time.
@Suite struct CaptureFileTests {
  private let folder = ScratchFolder()
  private var path: String { folder.file("changed") }

  /// H = 2, G = 2, T = 4, D = 6, P = 3, two layers, the second with a window of 3.
  private func open(_ change: (inout LooseFile) -> Void) throws -> CaptureFile {
    let cache = SyntheticCache.make(tokens: 4, headDim: 6, probe: 3, slidingWindow: 3)
    try CaptureWriter.write(cache, to: folder.file("c"))
    var loose = try LooseFile(path: folder.file("c"))
    change(&loose)
    try loose.write(to: path)
    return try CaptureFile(path: path)
  }

  private func refuses(
    _ error: CaptureError, _ location: SourceLocation = #_sourceLocation, change: (inout LooseFile) -> Void
  ) {
    #expect(throws: error, sourceLocation: location) { try open(change) }
  }

  @Test(arguments: [
    "layers", "kv_heads", "query_heads", "head_dim", "cached_tokens", "ropes", "attention_scale",
    "probe_first_position", "rope.0.pairing", "rope.0.dimensions", "rope.0.base", "rope.0.scaling", "rope.0.magnitude",
    "rope.0.inverse_frequencies", "rope.1.pairing",
  ])
  func requiredKeys(key: String) {
    refuses(.missingKey(path: path, key: key)) { $0.metadata[key] = nil }
  }

  @Test func optionalKeys() throws {
    let file = try open {
      for key in ["model.name", "model.architecture", "model.fingerprint", "sliding_window", "rope_index"] {
        $0.metadata[key] = nil
      }
      $0.metadata["unknown"] = "passed over"
      $0.tensors.append((.init("extra", .uint8, shape: [1]), [0]))
    }
    #expect(file.description.model == ModelIdentity(name: "", architecture: "", fingerprint: ""))
    #expect(file.description.geometry.layers.allSatisfy { $0.slidingWindow == nil && $0.ropeIndex == 0 })
    let bare = try open {
      $0.metadata["probe_queries"] = nil
      $0.tensors.removeAll { $0.declaration.name.hasSuffix("query") || $0.declaration.name == "tokens" }
    }
    #expect(bare.description.probeQueries == 0 && bare.description.tokens == nil)
    #expect(try bare.probeQueries(layer: 0) == nil)
  }

  @Test func versions() {
    refuses(.version(path: path, found: "fkv-capture version 2")) { $0.metadata["format_version"] = "2" }
    refuses(.version(path: path, found: "pt version 1")) { $0.metadata["format"] = "pt" }
    refuses(.version(path: path, found: "no format version none")) { $0.metadata = [:] }
  }

  @Test(arguments: [
    ("layers", "0", "an integer 1…65536"), ("layers", "65537", "an integer 1…65536"),
    ("layers", "", "an integer 1…65536"), ("layers", "2 2", "an integer 1…65536"),
    ("kv_heads", "0", "an integer 1…65536, or a list of 2"), ("kv_heads", "-2", "an integer 1…65536, or a list of 2"),
    ("kv_heads", "[2]", "an integer 1…65536, or a list of 2"),
    ("kv_heads", "[2,2,2]", "an integer 1…65536, or a list of 2"),
    ("kv_heads", "[]", "an integer 1…65536, or a list of 2"),
    ("kv_heads", "[2,2", "an integer 1…65536, or a list of 2"),
    ("kv_heads", "[2,null]", "an integer 1…65536, or a list of 2"),
    ("kv_heads", "two", "an integer 1…65536, or a list of 2"), ("query_heads", "3", "a multiple of 2 in layer 0"),
    ("query_heads", "[4,1]", "a multiple of 2 in layer 1"),
    ("head_dim", "9223372036854775808", "an integer 1…65536, or a list of 2"),
    ("cached_tokens", "2147483648", "an integer 0…2147483647, or a list of 2"),
    ("first_position", "2147483644", "at most 2147483643 in layer 0"),
    ("sliding_window", "0", "null or an integer 1…2147483647, or a list of 2"),
    ("sliding_window", "[null]", "null or an integer 1…2147483647, or a list of 2"),
    ("sliding_window", "nul", "null or an integer 1…2147483647, or a list of 2"),
    ("rope_index", "2", "less than 2 in layer 0"), ("rope_index", "[0,7]", "less than 2 in layer 1"),
    ("ropes", "0", "an integer 1…65536"), ("rope.0.pairing", "neox", "one of none, interleaved, half-split"),
    ("rope.0.dimensions", "5", "an even number"),
    ("rope.0.dimensions", "4", "a list of 2 finite numbers"),
    ("rope.0.base", "0", "a finite number above 0"), ("rope.0.base", "1e999", "a finite number above 0"),
    ("rope.0.base", "nan", "a finite number above 0"), ("rope.0.magnitude", "-1", "a finite number above 0"),
    ("rope.0.magnitude", "1e-999", "a finite number above 0"),
    ("rope.1.inverse_frequencies", "[1,2]", "a list of 3 finite numbers"),
    ("rope.1.inverse_frequencies", "[1,2,1e999]", "a list of 3 finite numbers"),
    ("rope.1.inverse_frequencies", "[1,2,3,4]", "a list of 3 finite numbers"),
    ("rope.1.inverse_frequencies", "[[1],2,3]", "a list of 3 finite numbers"),
    ("attention_scale", "1e39", "a finite number above 0"), ("attention_scale", "inf", "a finite number above 0"),
    ("attention_scale", "0x1p3", "a finite number above 0"), ("attention_softcap", "0.0", "a finite number above 0"),
    ("probe_queries", "-1", "an integer 0…2147483647"), ("probe_first_position", "2147483645", "at most 2147483644"),
  ])
  func malformedValues(key: String, text: String, expected: String) {
    let wrongElement = expected.hasPrefix("a multiple") || expected.hasPrefix("less")
    // Contradictions between lists name the layer's own number.
    let found = wrongElement && text.hasPrefix("[") ? String(text.split { "[],".contains($0) }[1]) : text
    let named = key == "rope.0.dimensions" && text == "4" ? "rope.0.inverse_frequencies" : key
    if named != key {
      #expect { try open { $0.metadata[key] = text } } throws: {
        if case .value(path, named, expected, _)? = $0 as? CaptureError { true } else { false }
      }
    } else {
      refuses(.value(path: path, key: key, expected: expected, found: found)) { $0.metadata[key] = text }
    }
  }

  @Test func ropeBeyondTheHead() {
    refuses(
      .value(
        path: path, key: "rope.0.dimensions", expected: "at most 6, the head dimension of layer 0", found: "8")
    ) {
      $0.metadata["rope.0.dimensions"] = "8"
      $0.metadata["rope.0.inverse_frequencies"] = "[1,1,1,1]"
    }
  }

  @Test func shapesThatContradictMetadata() {
    refuses(.shape(path: path, tensor: "layers.0.key", declared: [4, 4, 6], found: [2, 4, 6])) {
      $0.metadata["kv_heads"] = "4"
    }
    refuses(.shape(path: path, tensor: "layers.1.key", declared: [2, 4, 6], found: [2, 3, 6])) {
      $0.metadata["cached_tokens"] = "4"
    }
    refuses(.shape(path: path, tensor: "layers.0.value", declared: [2, 4, 6], found: [4, 2, 6])) {
      $0["layers.0.value"].declaration.shape = [4, 2, 6]
    }
    refuses(.shape(path: path, tensor: "layers.0.query", declared: [8, 3, 6], found: [4, 3, 6])) {
      $0.metadata["query_heads"] = "8"
    }
    refuses(.shape(path: path, tensor: "layers.0.query", declared: [4, 2, 6], found: [4, 3, 6])) {
      $0.metadata["probe_queries"] = "2"
    }
    refuses(.shape(path: path, tensor: "layers.0.key", declared: [2, 4, 6], found: [48])) {
      $0["layers.0.key"].declaration.shape = [48]
    }
    refuses(.shape(path: path, tensor: "tokens", declared: [4], found: [3])) {
      $0["tokens"] = (.init("tokens", .int32, shape: [3]), Array(repeating: 0, count: 12))
    }
    refuses(.shape(path: path, tensor: "tokens", declared: [4], found: [2, 2])) {
      $0["tokens"].declaration.shape = [2, 2]
    }
  }

  /// A few bytes of text must not ask for the memory of thousands of layers (found by fuzzing): their number is held
  /// against the tensors before anything else that is said of layers.
  @Test func moreLayersThanTensors() {
    refuses(.missingTensor(path: path, tensor: "layers.2.key")) {
      $0.metadata["layers"] = "8209"
      $0.metadata["query_heads"] = "3"
    }
  }

  @Test func tensorsThatAreMissingOrTooMany() {
    for name in ["layers.0.key", "layers.1.value", "layers.1.query"] {
      refuses(.missingTensor(path: path, tensor: name)) { $0.tensors.removeAll { $0.declaration.name == name } }
    }
    refuses(.missingTensor(path: path, tensor: "layers.2.key")) {
      for key in ["cached_tokens", "first_position", "sliding_window", "rope_index"] { $0.metadata[key] = nil }
      $0.metadata["cached_tokens"] = "[4,3,4]"
      $0.metadata["layers"] = "3"
    }
    for name in ["layers.2.key", "layers.00.key", "layers.0.keys"] {
      refuses(.unexpectedTensor(path: path, tensor: name)) {
        $0.tensors.append((.init(name, .uint8, shape: [0]), []))
      }
    }
    refuses(.unexpectedTensor(path: path, tensor: "layers.0.query")) { $0.metadata["probe_queries"] = "0" }
    refuses(.missingTensor(path: path, tensor: "tokens")) {
      $0.tensors.removeAll { $0.declaration.name == "tokens" }
      $0.tensors.append((.init("positions", .int32, shape: [0]), []))
    }
  }

  @Test func elementTypes() {
    refuses(.dataType(path: path, tensor: "layers.0.key", expected: "F16, BF16 or F32", found: .int16)) {
      $0["layers.0.key"].declaration.dataType = .int16
    }
    refuses(.dataType(path: path, tensor: "layers.1.value", expected: "F16 as in the layers before", found: .bfloat16))
    {
      $0["layers.1.value"].declaration.dataType = .bfloat16
    }
    refuses(.dataType(path: path, tensor: "layers.1.query", expected: "F32 or F16", found: .uint32)) {
      $0["layers.1.query"].declaration.dataType = .uint32
    }
    refuses(.dataType(path: path, tensor: "tokens", expected: "I32", found: .uint32)) {
      $0["tokens"].declaration.dataType = .uint32
    }
  }

  @Test func positions() throws {
    func with(_ positions: [Int32]) -> (inout LooseFile) -> Void {
      {
        $0.tensors.append(
          (.init("positions", .int32, shape: [positions.count]), positions.withUnsafeBytes(Array.init)))
      }
    }
    #expect(try open(with([0, 1, 2, 3])).description.tokens?.count == 4)
    refuses(.position(path: path, index: 2, expected: 2, found: 3), change: with([0, 1, 3, 4]))
    refuses(.position(path: path, index: 0, expected: 0, found: -1), change: with([-1, 0, 1, 2]))
    refuses(.shape(path: path, tensor: "positions", declared: [4], found: [3]), change: with([0, 1, 2]))
    refuses(.missingTensor(path: path, tensor: "positions")) { $0.metadata["first_position"] = "[5,6]" }
  }

  @Test func messagesNameWhatIsWrong() {
    let error = CaptureError.shape(path: "c", tensor: "layers.0.key", declared: [4, 4, 6], found: [2, 4, 6])
    #expect(
      error.description == "c: tensor \"layers.0.key\" has shape [2, 4, 6], but the metadata declare [4, 4, 6]")
  }
}
