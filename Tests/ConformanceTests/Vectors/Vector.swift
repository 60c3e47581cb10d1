import Foundation

/// A row of formats/vectors/manifest.json.
struct VectorRow: Codable, Equatable {
  /// `valid/NAME.fkv` or `invalid/NAME.fkv`.
  var file: String
  var bytes: Int
  /// XXH3-64 of the file, 16 digits.
  var xxh3: String
  /// Sections of formats/fkv.md that the file is about.
  var sections: String
  /// The basis file that it needs.
  var basis: String?
  /// What a reader finds in a file of `valid`.
  var expected: Expected?
  /// Why a reader refuses a file of `invalid`.
  var refused: Refused?
  /// For `encrypted/`: the key that a reader is given, in hexadecimal.
  var key: String?

  struct Expected: Codable, Equatable {
    /// §6.1
    var profile: Int
    /// Of each layer: H, H·G, D, T, first position, sliding window (0: none), RoPE.
    var layers: [[Int]]
    var keyType: Int
    var valueType: Int
    /// Token ids, if the file holds any: how many, and XXH3-64 of them as [i32].
    var tokens: Int?
    var tokensHash: String?
    /// XXH3-64 of all tensors as stored, keys and values of each layer in turn: where everything is exact.
    var tensorsHash: String?
    /// A file of f64 numbers, elements of the tensors in that order; NaN where any number will do. They are those before
    /// the rounding to the element type.
    var numbers: String?
    var numbersHash: String?
    /// The root mean square and the largest of |decoded − expected| that §9.4 and §13.4 and the rounding to the element
    /// type allow.
    var rmsLimit: Double?
    var peakLimit: Double?

    enum CodingKeys: String, CodingKey {
      case profile, layers, tokens, numbers
      case keyType = "key_type"
      case valueType = "value_type"
      case tokensHash = "tokens_xxh3"
      case tensorsHash = "tensors_xxh3"
      case numbersHash = "numbers_xxh3"
      case rmsLimit = "rms_limit"
      case peakLimit = "peak_limit"
    }
  }

  struct Refused: Codable, Equatable {
    /// §10; nil for what has no number.
    var code: Int?
    /// The line that this version of fkv prints.
    var error: String
  }

  /// One line of JSON, keys in order.
  var line: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try! encoder.encode(self), as: UTF8.self)
  }
}

/// The folder formats/vectors.
enum Vectors {
  static let folder = Comparison.root.appendingPathComponent("formats/vectors")
  static let manifest = folder.appendingPathComponent("manifest.json")

  static func path(_ file: String) -> String { folder.appendingPathComponent(file).path }

  /// The rows of the manifest, in its order.
  static func rows() throws -> [VectorRow] {
    guard let data = try? Data(contentsOf: manifest) else { return [] }
    return try JSONDecoder().decode([VectorRow].self, from: data)
  }

  /// A manifest of one row a line.
  static func write(_ rows: [VectorRow]) throws {
    try Data("[\n\(rows.map(\.line).joined(separator: ",\n"))\n]\n".utf8).write(to: manifest)
  }

  static func hexadecimal(_ hash: UInt64) -> String {
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
