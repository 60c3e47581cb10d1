import ArgumentParser
import CacheCodec
import Commands
import Interchange

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows what is in an .fkv file and where its bytes went.")

  @Argument(help: "The .fkv file.") var file: String
  @OptionGroup var key: KeyOption
  @Flag(help: "Print JSON instead of text.") var json = false

  func run() throws {
    var pipeline = InspectPipeline(path: file)
    pipeline.key = try key.find()?.key
    let report = try pipeline.run()
    if json { try JSONOutput.print(InspectJSON(report)) } else { try print(InspectText.render(report)) }
  }
}

/// The JSON of `fkv inspect`.
struct InspectJSON: Encodable {
  struct Section: Encodable {
    var name: String
    var layer: Int?
    var bytes: Int
  }

  /// A line of provenance.
  struct Line: Encodable {
    var name: String
    var value: String
  }

  struct Layer: Encodable {
    /// The first layer of the group, and how many layers it has.
    var layer: Int
    var layers: Int
    var keyBytes: Int
    var valueBytes: Int
    var keyExactFeatures: Int
    var valueExactFeatures: Int
    var keyStates: Int
    var valueStates: Int
    var keyStep: Float
    var valueStep: Float
  }

  var head: CacheHeadJSON
  var hasTokens: Bool
  var encrypted: Bool
  var sections: [Section]
  var layers: [Layer]
  var breakdown: [String: Int]
  /// Everything that the file says of its making, by name.
  var provenance: [Line]
  /// Bytes of the parts kept bit for bit, in the file and before.
  var exactBytes: Int?
  var exactRawBytes: Int?

  init(_ report: InspectPipeline.Report) {
    head = CacheHeadJSON(report.header, size: report.size)
    hasTokens = report.hasTokens
    encrypted = report.isEncrypted
    provenance = report.header.description.provenance.sorted { $0.key < $1.key }
      .map { Line(name: $0.key, value: $0.value) }
    sections = report.sections.map { Section(name: $0.name, layer: $0.layer, bytes: $0.bytes) }
    layers = report.keys.indices.map {
      Layer(
        layer: report.groups[$0].lowerBound, layers: report.groups[$0].count, keyBytes: report.keys[$0].fileBytes,
        valueBytes: report.values[$0].fileBytes,
        keyExactFeatures: report.keys[$0].exactFeatures, valueExactFeatures: report.values[$0].exactFeatures,
        keyStates: report.keys[$0].states, valueStates: report.values[$0].states, keyStep: report.keys[$0].step,
        valueStep: report.values[$0].step)
    }
    exactBytes = report.exactParts?.bytes
    exactRawBytes = report.exactParts?.rawBytes
    breakdown = Dictionary(uniqueKeysWithValues: report.breakdown.map { ($0.name, $0.bytes) })
  }

  private enum CodingKeys: String, CodingKey {
    case hasTokens, encrypted, sections, layers, breakdown, provenance, exactBytes, exactRawBytes
  }

  func encode(to encoder: any Encoder) throws {
    try head.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(hasTokens, forKey: .hasTokens)
    try container.encode(encrypted, forKey: .encrypted)
    try container.encode(sections, forKey: .sections)
    try container.encode(layers, forKey: .layers)
    try container.encode(breakdown, forKey: .breakdown)
    try container.encode(provenance, forKey: .provenance)
    try container.encodeIfPresent(exactBytes, forKey: .exactBytes)
    try container.encodeIfPresent(exactRawBytes, forKey: .exactRawBytes)
  }
}

/// The text of `fkv inspect`.
enum InspectText {
  static func render(_ report: InspectPipeline.Report) -> String {
    let geometry = report.header.description.geometry
    let isSpectral = report.header.profile == .spectral
    let states = isSpectral ? "components" : "states"
    let last = isSpectral ? ["K step", "V step"] : []
    var layers = TextTable(
      ["layers", "K exact", "K \(states)", "K bytes", "V exact", "V \(states)", "V bytes", "bits/element"] + last)
    for (group, range) in report.groups.enumerated() {
      let (k, v) = (report.keys[group], report.values[group])
      let bits = CacheSize(
        fileBytes: k.fileBytes + v.fileBytes, geometry: .init(layers: Array(geometry.layers[range]))
      ).bitsPerElement
      layers.add(
        [
          range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound)–\(range.upperBound - 1)",
          "\(k.exactFeatures)", "\(k.states)", "\(k.fileBytes)", "\(v.exactFeatures)", "\(v.states)",
          "\(v.fileBytes)", Format.significant(bits),
        ] + (isSpectral ? [Format.significant(Double(k.step)), Format.significant(Double(v.step))] : []))
    }
    var parts = TextTable(["where the bytes went", "bytes", "share"])
    for (name, bytes) in report.breakdown {
      parts.add([name, "\(bytes)", Format.percent(bytes, of: report.size.fileBytes)])
    }
    let exact = report.exactParts.map { part in
      let gain = part.bytes == 0 ? 0 : Double(part.rawBytes) / Double(part.bytes)
      return
        "exact     \(Format.bytes(part.bytes)) hold \(Format.bytes(part.rawBytes)) bit for bit: \(Format.ratio(gain))"
    }
    let head =
      CacheHeadText.lines(report.header, size: report.size) + [exact].compactMap { $0 } + [
        "tokens    \(report.hasTokens ? "the prompt's token ids are in the file" : "no token ids in the file")"
      ] + (report.isEncrypted ? ["encrypted AES-256-GCM, every section"] : [])
      + report.header.description.provenance.sorted { $0.key < $1.key }.map {
        "origin    \(printable($0.key)): \(printable($0.value))"
      }
    return (head + ["", layers.text, "", parts.text]).joined(separator: "\n")
  }
}
