/// Why a baseline could not encode a cache or decode its bytes.
public enum BaselineError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The method cannot take a cache of this shape.
  case unsuitable(String)
  /// `place` ends at `found` bytes where `needed` are due.
  case truncated(place: String, needed: Int, found: Int)
  /// `place` has `count` bytes after its end.
  case trailingBytes(place: String, count: Int)
  /// A value that no encoder writes.
  case badValue(place: String, field: String, declared: Int)
  /// A compression library refused its input.
  case library(name: String, problem: String)

  public var description: String {
    switch self {
    case .unsuitable(let reason): reason
    case .truncated(let place, let needed, let found): "\(place): \(needed) bytes due, \(found) found"
    case .trailingBytes(let place, let count): "\(place): \(count) bytes after its end"
    case .badValue(let place, let field, let declared): "\(place): \(field) is \(declared)"
    case .library(let name, let problem): "\(name): \(problem)"
    }
  }
}
