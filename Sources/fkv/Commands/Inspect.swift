import ArgumentParser
import CacheCodec
import FourierKV

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows what is in an .fkv file and where its bytes went.")

  @Argument(help: "The .fkv file.") var file: String
  @Flag(help: "Print JSON instead of text.") var json = false

  func run() throws {
    let report = try InspectPipeline(path: file).run()
    if json { try JSONOutput.print(InspectJSON(report)) } else { print(InspectText.render(report)) }
  }
}

/// The JSON of `fkv inspect`.
struct InspectJSON: Encodable {
  struct Section: Encodable {
    var name: String
    var layer: Int?
    var bytes: Int
  }

  struct Layer: Encodable {
    var layer: Int
    var keyBytes: Int
    var valueBytes: Int
    var keyExactFeatures: Int
    var valueExactFeatures: Int
    var keyStates: Int
    var valueStates: Int
  }

  var head: CacheHeadJSON
  var hasTokens: Bool
  var sections: [Section]
  var layers: [Layer]
  var breakdown: [String: Int]

  init(_ report: InspectPipeline.Report) {
    head = CacheHeadJSON(report.header, size: report.size)
    hasTokens = report.hasTokens
    sections = report.sections.map { Section(name: $0.name, layer: $0.layer, bytes: $0.bytes) }
    layers = report.keys.indices.map {
      Layer(
        layer: $0, keyBytes: report.keys[$0].fileBytes, valueBytes: report.values[$0].fileBytes,
        keyExactFeatures: report.keys[$0].exactFeatures, valueExactFeatures: report.values[$0].exactFeatures,
        keyStates: report.keys[$0].states, valueStates: report.values[$0].states)
    }
    breakdown = Dictionary(uniqueKeysWithValues: report.breakdown.map { ($0.name, $0.bytes) })
  }

  private enum CodingKeys: String, CodingKey {
    case hasTokens, sections, layers, breakdown
  }

  func encode(to encoder: any Encoder) throws {
    try head.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(hasTokens, forKey: .hasTokens)
    try container.encode(sections, forKey: .sections)
    try container.encode(layers, forKey: .layers)
    try container.encode(breakdown, forKey: .breakdown)
  }
}

/// The text of `fkv inspect`.
enum InspectText {
  static func render(_ report: InspectPipeline.Report) -> String {
    let geometry = report.header.description.geometry
    var layers = TextTable([
      "layer", "K exact", "K states", "K bytes", "V exact", "V states", "V bytes", "bits/element",
    ])
    for layer in geometry.layers.indices {
      let (k, v) = (report.keys[layer], report.values[layer])
      let bits = CacheSize(
        fileBytes: k.fileBytes + v.fileBytes, geometry: .init(layers: [geometry.layers[layer]])
      ).bitsPerElement
      layers.add([
        "\(layer)", "\(k.exactFeatures)", "\(k.states)", "\(k.fileBytes)", "\(v.exactFeatures)", "\(v.states)",
        "\(v.fileBytes)", Format.significant(bits),
      ])
    }
    var parts = TextTable(["where the bytes went", "bytes", "share"])
    for (name, bytes) in report.breakdown {
      parts.add([name, "\(bytes)", Format.percent(bytes, of: report.size.fileBytes)])
    }
    let head =
      CacheHeadText.lines(report.header, size: report.size) + [
        "tokens    \(report.hasTokens ? "the prompt's token ids are in the file" : "no token ids in the file")"
      ]
    return (head + ["", layers.text, "", parts.text]).joined(separator: "\n")
  }
}
