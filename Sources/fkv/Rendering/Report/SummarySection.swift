import CacheCodec
import Commands
import KVCacheModel

/// The page's head: what the cache is, and the figures that matter most.
struct SummarySection {
  private let contents: ReportContents

  init(_ contents: ReportContents) { self.contents = contents }

  /// The model's name, `unnamed` if it has none.
  static func modelName(_ contents: ReportContents) -> String {
    let name = contents.inspection.header.description.model.name
    return name.isEmpty ? "unnamed" : name.clipped()
  }

  var markup: Markup {
    let size = contents.inspection.size
    let errors = contents.comparison.attention
    return """
      <p class="kind">KV cache report</p>
      <h1>\(Self.modelName(contents))</h1>
      <p class="geometry">\(CacheHeadText.geometry(contents.inspection.header.description))</p>
      <dl class="figures">
      \(figure("compression ratio", Format.ratio(size.ratio), "whole file against 16 bits a number\(outside)"))
      \(figure("bits per element", Format.significant(size.bitsPerElement), "everything in the file counted"))
      \(figure("file size", Format.bytes(size.fileBytes), "of \(Format.bytes(size.rawBytes)) as a 16-bit cache"))
      \(figure(
        "attention-output error", Format.significant(errors.mean),
        "mean over layers and query heads; largest \(Format.significant(errors.max))"))
      </dl>
      <dl class="facts">
      \(facts.map { "<div><dt>\($0)</dt><dd>\($1)</dd></div>" as Markup })
      </dl>
      """
  }

  /// What the ratio does not count.
  private var outside: String {
    let header = contents.inspection.header
    guard header.basisHash != nil else { return "" }
    return "; its basis\(header.basisBytes.map { ", \(Format.bytes($0))," } ?? "") lies outside"
  }

  private func figure(_ name: String, _ value: String, _ note: String) -> Markup {
    "<div><dt>\(name)</dt><dd><b>\(value)</b><span>\(note)</span></dd></div>"
  }

  private var facts: [(String, String)] {
    let header = contents.inspection.header
    let model = header.description.model
    var facts = [
      (
        "model",
        [model.architecture, model.fingerprint].filter { !$0.isEmpty }.map { $0.clipped() }.joined(separator: ", ")
      ),
      ("profile", header.profile.name),
    ]
    if !header.settings.isEmpty { facts.append(("settings", header.settings.joined(separator: " ").clipped(400))) }
    if let windows = Self.windows(header.description.geometry) { facts.append(("sliding windows", windows)) }
    if let hash = header.basisHash {
      facts.append(("basis", CacheHeadText.basis(hash: hash.clipped(), bytes: header.basisBytes)))
    }
    facts.append(("written by", header.writer.clipped()))
    return facts.filter { !$0.1.isEmpty }
  }

  /// Which layers attend to their last positions only; nil if none does.
  static func windows(_ geometry: CacheGeometry) -> String? {
    let windows = geometry.layers.compactMap(\.slidingWindow)
    guard let least = windows.min(), let most = windows.max() else { return nil }
    let span = least == most ? "\(least)" : "\(least) to \(most)"
    return "\(windows.count) of \(geometry.layers.count) layers attend to their last \(span) positions"
  }
}
