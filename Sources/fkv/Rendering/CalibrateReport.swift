import CacheCodec
import Commands

/// The JSON of `fkv calibrate`.
struct CalibrateJSON: Encodable {
  struct Model: Encodable {
    var name: String
    var architecture: String
    var fingerprint: String
  }

  struct Group: Encodable {
    var layer: Int
    var layers: Int
    var features: Int
    var keyComponents: Int
    var valueComponents: Int
  }

  struct Text: Encodable {
    var name: String
    var tokens: Int
  }

  var path: String
  var hash: String
  var fileBytes: Int
  var model: Model
  var groups: [Group]
  var texts: [Text]
  var tokens: Int
  var settings: [String]
  var writer: String

  init(_ report: CalibratePipeline.Report) {
    let basis = report.basis
    path = report.path
    hash = basis.hash
    fileBytes = basis.fileBytes
    model = Model(
      name: basis.model.name, architecture: basis.model.architecture, fingerprint: basis.model.fingerprint)
    groups = basis.groups.indices.map {
      Group(
        layer: basis.groups[$0].firstLayer, layers: basis.groups[$0].count, features: basis.groups[$0].features,
        keyComponents: basis.keys[$0].components, valueComponents: basis.values[$0].components)
    }
    texts = basis.calibration.texts.map { Text(name: $0.name, tokens: $0.tokens) }
    tokens = basis.calibration.tokens
    settings = basis.calibration.settings
    writer = basis.calibration.writer
  }
}

/// The text of `fkv calibrate`.
enum CalibrateText {
  static func render(_ report: CalibratePipeline.Report) -> String {
    let basis = report.basis
    var table = TextTable(["layers", "features", "K components", "V components"])
    for (index, group) in basis.groups.enumerated() {
      table.add([
        group.count == 1 ? "\(group.firstLayer)" : "\(group.firstLayer)–\(group.layers.upperBound - 1)",
        "\(group.features)", "\(basis.keys[index].components)", "\(basis.values[index].components)",
      ])
    }
    return [
      "\(report.path): basis \(basis.hash) of model \(basis.model.name.isEmpty ? "unnamed" : basis.model.name), "
        + Format.bytes(basis.fileBytes),
      "learned from \(basis.calibration.texts.count) texts of \(basis.calibration.tokens) tokens", "", table.text,
    ].joined(separator: "\n")
  }
}
