/// Why a file is no result of `fkv bench --json` that a report can use.
public enum BenchResultError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The bytes are not JSON.
  case notJSON(path: String)
  /// The object lacks a field; `field` is its place: `captures[0].points`.
  case missingField(path: String, field: String)
  /// A field holds something else than `expected`.
  case wrongType(path: String, field: String, expected: String)
  /// A number is out of its range.
  case value(path: String, field: String, declared: String, allowed: String)
  /// None of the captures has the geometry of the cache.
  case noSuchCache(path: String, captures: [String])
  /// Several captures have the geometry of the cache, and none or several the reference's name.
  case ambiguous(path: String, captures: [String])

  /// What a decoder found, with the place in the file.
  init(path: String, _ error: DecodingError) {
    switch error {
    case .keyNotFound(let key, let context):
      self = .missingField(path: path, field: Self.place(context.codingPath + [key]))
    case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
      self = .wrongType(path: path, field: Self.place(context.codingPath), expected: Self.name(type))
    case .dataCorrupted(let context) where !context.codingPath.isEmpty:
      self = .wrongType(path: path, field: Self.place(context.codingPath), expected: "a whole number in range")
    default: self = .notJSON(path: path)
    }
  }

  public var description: String {
    switch self {
    case .notJSON(let path): "\(path): not JSON; a result of 'fkv bench --json' is needed"
    case .missingField(let path, let field):
      "\(path): no field \(field); a result of 'fkv bench --json' is needed"
    case .wrongType(let path, let field, let expected):
      "\(path): \(field) is not \(expected); a result of 'fkv bench --json' is needed"
    case .value(let path, let field, let declared, let allowed):
      "\(path): \(field) is \(declared), allowed is \(allowed)"
    case .noSuchCache(let path, let captures):
      "\(path): no capture has this cache's geometry; it has \(Self.list(captures))"
    case .ambiguous(let path, let captures):
      "\(path): several captures have this cache's geometry, none of them alone the reference's name: "
        + Self.list(captures)
    }
  }

  private static func list(_ names: [String]) -> String {
    if names.isEmpty { return "none" }
    let shown = names.prefix(8).map { $0.count > 80 ? "\($0.prefix(80))…" : $0 }
    return shown.joined(separator: ", ") + (names.count > shown.count ? ", …" : "")
  }

  /// `captures[0].points[3].ratio`; empty for the whole file.
  private static func place(_ path: [any CodingKey]) -> String {
    let place = path.reduce(into: "") { text, key in
      if let index = key.intValue {
        text += "[\(index)]"
      } else {
        text += (text.isEmpty ? "" : ".") + key.stringValue
      }
    }
    return place.isEmpty ? "the file" : place
  }

  private static func name(_ type: Any.Type) -> String {
    switch type {
    case is String.Type: "a text"
    case is Bool.Type: "true or false"
    case is Double.Type: "a number"
    // Foundation's own types for lists and objects.
    default: "\(type)".hasPrefix("Array") ? "a list" : "an object"
    }
  }
}
