import FileIO
import Foundation
import KVCacheModel
import TestSupport
import Testing

@testable import Commands

@Suite struct BenchResultTests {
  private let scratch = ScratchFolder()

  private static let geometry = #"{"layers": 2, "kv_heads": 3, "query_heads": 6, "tokens": 50, "head_dim": 8}"#
  private static let point = #"""
    {"method": "kivi", "setting": "2 bit", "is_product": false, "ratio": 6.5, "more": [1],
     "attention_output_error": {"mean": 0.25, "max": "inf"}}
    """#

  private static func capture(_ name: String = "a/b.safetensors", _ points: String = point) -> String {
    #"{"capture": "\#(name)", "geometry": \#(geometry), "points": [\#(points)], "skipped": []}"#
  }

  private static func file(_ captures: String...) -> String {
    #"{"captures": [\#(captures.joined(separator: ", "))]}"#
  }

  private var path: String { scratch.file("b.json") }

  private func read(_ text: String) throws -> BenchResult {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    return try BenchResult.read(path)
  }

  @Test func whatBenchPrints() throws {
    let result = try read(Self.file(Self.capture()))
    #expect(
      result.captures == [
        BenchResult.Capture(
          capture: "a/b.safetensors", layers: 2, kvHeads: 3, queryHeads: 6, tokens: 50, headDim: 8,
          points: [
            BenchResult.Point(
              method: "kivi", setting: "2 bit", isProduct: false, rate: RateCurve.Point(ratio: 6.5, error: 0.25))
          ])
      ])
    let endless = try read(
      Self.file(Self.capture("c", Self.point.replacingOccurrences(of: "0.25", with: "\"inf\""))))
    #expect(endless.captures[0].points[0].rate.error == .infinity)
    #expect(try read(Self.file()).captures.isEmpty)
  }

  @Test func otherFiles() throws {
    let good = Self.file(Self.capture())
    func changed(_ old: String, _ new: String) -> String {
      #expect(good.contains(old))
      return good.replacingOccurrences(of: old, with: new)
    }
    let point = "captures[0].points[0]"
    let cases: [(String, BenchResultError)] = [
      ("", .notJSON(path: path)), ("{", .notJSON(path: path)), ("\u{1}", .notJSON(path: path)),
      (String(good.dropLast()), .notJSON(path: path)),
      (String(repeating: "[", count: 100_000), .notJSON(path: path)),
      ("{}", .missingField(path: path, field: "captures")),
      ("[]", .wrongType(path: path, field: "the file", expected: "an object")),
      (#"{"captures": 3}"#, .wrongType(path: path, field: "captures", expected: "a list")),
      (#"{"captures": [3]}"#, .wrongType(path: path, field: "captures[0]", expected: "an object")),
      (changed(#""ratio""#, #""r""#), .missingField(path: path, field: "\(point).ratio")),
      (changed("6.5", "\"x\""), .wrongType(path: path, field: "\(point).ratio", expected: "a number")),
      (
        changed(": 50", ": 1e30"),
        .wrongType(path: path, field: "captures[0].geometry.tokens", expected: "a whole number in range")
      ),
      (changed("6.5", "true"), .wrongType(path: path, field: "\(point).ratio", expected: "a number")),
      (changed("6.5", "0"), .value(path: path, field: "\(point).ratio", declared: "0.0", allowed: "above 0")),
      (changed("6.5", "-1"), .value(path: path, field: "\(point).ratio", declared: "-1.0", allowed: "above 0")),
      (changed("6.5", "\"nan\""), .value(path: path, field: "\(point).ratio", declared: "nan", allowed: "above 0")),
      (
        changed("0.25", "-0.25"),
        .value(
          path: path, field: "\(point).attention_output_error.mean", declared: "-0.25", allowed: "0 or more")
      ),
      (changed("\"kivi\"", "null"), .wrongType(path: path, field: "\(point).method", expected: "a text")),
      (changed("false", "0"), .wrongType(path: path, field: "\(point).is_product", expected: "true or false")),
      (
        changed(#""layers": 2"#, #""layers": "2""#),
        .wrongType(path: path, field: "captures[0].geometry.layers", expected: "a number")
      ),
      (changed("\"head_dim\"", "\"d\""), .missingField(path: path, field: "captures[0].geometry.head_dim")),
    ]
    for (text, error) in cases { #expect(throws: error, "\(text.prefix(60))") { try read(text) } }
    let many = Array(repeating: Self.point, count: BenchResult.mostPoints + 1).joined(separator: ",")
    #expect(
      throws: BenchResultError.value(
        path: path, field: "captures[0].points", declared: "4097 points", allowed: "at most 4096")
    ) { try read(Self.file(Self.capture("c", many))) }
    #expect(throws: FileError.self) { try BenchResult.read(scratch.file("none")) }
    for (_, error) in cases { #expect("\(error)".hasPrefix(path + ": ")) }
  }

  @Test func theCaptureOfACache() throws {
    let cache = CacheGeometry(layers: 2, kvHeads: 3, queryHeads: 6, headDim: 8, tokens: 50)
    func chosen(_ text: String, _ geometry: CacheGeometry = cache, reference: String = "x/b.safetensors") throws
      -> String
    {
      try read(text).capture(of: geometry, reference: reference, path: path).capture
    }
    #expect(try chosen(Self.file(Self.capture("other"))) == "other")
    #expect(try chosen(Self.file(Self.capture("other"), Self.capture("y/b.safetensors"))) == "y/b.safetensors")
    let two = Self.file(Self.capture("c"), Self.capture("d"))
    #expect(throws: BenchResultError.ambiguous(path: path, captures: ["c", "d"])) { try chosen(two) }
    for edit in [
      { $0.layers.removeLast() },
      {
        $0.layers[0].tokens = 49
        $0.layers[1].tokens = 49
      },
      { $0.layers[0].kvHeads = 1 }, { $0.layers[0].headDim = 9 }, { $0.layers[0].queryHeads = 3 },
      { $0.layers = [] },
    ] as [(inout CacheGeometry) -> Void] {
      var other = cache
      edit(&other)
      #expect(throws: BenchResultError.noSuchCache(path: path, captures: ["c", "d"])) { try chosen(two, other) }
    }
  }
}
