import FileIO
import Foundation
import KVCacheModel

/// The part of `fkv bench --json` that a report needs.
public struct BenchResult: Hashable, Sendable {
  /// One capture's points.
  public struct Capture: Hashable, Sendable {
    /// The capture's path, as it was given to `fkv bench`.
    public var capture: String
    public var layers: Int
    public var kvHeads: Int
    public var queryHeads: Int
    public var tokens: Int
    public var headDim: Int
    public var points: [Point]
  }

  /// One method at one setting.
  public struct Point: Hashable, Sendable {
    public var method: String
    public var setting: String
    /// Whether it is one of fkv's own profiles.
    public var isProduct: Bool
    /// Of the file alone, as fkv counts it.
    public var rate: RateCurve.Point
  }

  public var captures: [Capture]

  /// The most points that a capture may have: more would be no plot.
  public static let mostPoints = 4096

  /// Reads a file that `fkv bench --json` printed.
  ///
  /// - Throws: `FileError`, `BenchResultError`.
  public static func read(_ path: String) throws -> BenchResult {
    let file = try FileReader(path: path)
    let data = Data(try file.read(at: 0, count: file.byteCount))
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    let result: BenchResult
    do { result = try decoder.decode(BenchResult.self, from: data) } catch let error as DecodingError {
      throw BenchResultError(path: path, error)
    }
    for (index, capture) in result.captures.enumerated() { try capture.check(path, "captures[\(index)]") }
    return result
  }

  /// The capture of a cache's geometry; of several the one with the file name of `reference`.
  ///
  /// - Throws: `BenchResultError.noSuchCache`, `.ambiguous`.
  func capture(of geometry: CacheGeometry, reference: String, path: String) throws -> Capture {
    let first = geometry.layers.first
    let matching = captures.filter {
      $0.layers == geometry.layers.count && $0.kvHeads == first?.kvHeads && $0.queryHeads == first?.queryHeads
        && $0.tokens == geometry.tokens && $0.headDim == first?.headDim
    }
    func name(_ path: String) -> Substring? { path.split(separator: "/").last }
    let named = matching.filter { name($0.capture) == name(reference) }
    if named.count == 1 { return named[0] }
    guard let only = matching.first else {
      throw BenchResultError.noSuchCache(path: path, captures: captures.map(\.capture))
    }
    guard matching.count == 1 else {
      throw BenchResultError.ambiguous(path: path, captures: matching.map(\.capture))
    }
    return only
  }
}

extension BenchResult.Capture {
  /// Throws `BenchResultError.value` for numbers that no plot can show.
  fileprivate func check(_ path: String, _ place: String) throws {
    guard points.count <= BenchResult.mostPoints else {
      throw BenchResultError.value(
        path: path, field: "\(place).points", declared: "\(points.count) points",
        allowed: "at most \(BenchResult.mostPoints)")
    }
    for (index, point) in points.enumerated() {
      let field = "\(place).points[\(index)]"
      guard point.rate.ratio > 0, point.rate.ratio.isFinite else {
        throw BenchResultError.value(
          path: path, field: "\(field).ratio", declared: "\(point.rate.ratio)", allowed: "above 0")
      }
      guard !(point.rate.error < 0) else {
        throw BenchResultError.value(
          path: path, field: "\(field).attention_output_error.mean", declared: "\(point.rate.error)",
          allowed: "0 or more")
      }
    }
  }
}

// MARK: - Decoding

extension BenchResult: Decodable {}

extension BenchResult.Capture: Decodable {
  private enum Keys: String, CodingKey { case capture, geometry, points }

  private enum Shape: String, CodingKey {
    case layers, tokens
    case kvHeads = "kv_heads"
    case queryHeads = "query_heads"
    case headDim = "head_dim"
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Keys.self)
    capture = try container.decode(String.self, forKey: .capture)
    let shape = try container.nestedContainer(keyedBy: Shape.self, forKey: .geometry)
    /// A number that no count can be is a fault of its field, where `Int` would make one of the whole file.
    func count(_ key: Shape) throws -> Int {
      guard let count = Int(exactly: try shape.decode(Double.self, forKey: key)) else {
        throw DecodingError.dataCorruptedError(forKey: key, in: shape, debugDescription: "no count")
      }
      return count
    }
    layers = try count(.layers)
    kvHeads = try count(.kvHeads)
    queryHeads = try count(.queryHeads)
    tokens = try count(.tokens)
    headDim = try count(.headDim)
    points = try container.decode([BenchResult.Point].self, forKey: .points)
  }
}

extension BenchResult.Point: Decodable {
  private enum Keys: String, CodingKey {
    case method, setting, ratio
    case isProduct = "is_product"
    case error = "attention_output_error"
  }

  private enum Errors: String, CodingKey { case mean }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Keys.self)
    method = try container.decode(String.self, forKey: .method)
    setting = try container.decode(String.self, forKey: .setting)
    isProduct = try container.decode(Bool.self, forKey: .isProduct)
    let errors = try container.nestedContainer(keyedBy: Errors.self, forKey: .error)
    rate = RateCurve.Point(
      ratio: try container.decode(Double.self, forKey: .ratio), error: try errors.decode(Double.self, forKey: .mean))
  }
}
