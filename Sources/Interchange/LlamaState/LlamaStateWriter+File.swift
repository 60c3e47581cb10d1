import FileIO
import KVCacheModel

extension LlamaStateWriter {
  /// Writes a whole state file in the newest version, or that of `options.stateVersion`.
  ///
  /// Layers with a sliding window go into a memory of their own, unless `options.stateFormat` says otherwise.
  ///
  /// - Returns: what the file lacks.
  /// - Throws: `LlamaStateError.unevenLayers`, `.unsupportedVersion`; what `source` throws; `FileError`.
  static func write(
    _ source: any CacheSource, to path: String, container: LlamaStateFormat.Container, options: WriteOptions,
    afterLayer: (Int) throws -> Void
  ) throws -> [ConversionLoss] {
    let description = source.description
    let version = options.stateVersion ?? container.versions.upperBound
    guard container.writableVersions.contains(version) else {
      throw LlamaStateError.unwritableVersion(path: path, wanted: version, written: container.writableVersions)
    }
    let slides = description.geometry.layers.contains { $0.slidingWindow != nil }
    let format = LlamaStateFormat(
      container: container, version: version, cellExtensionBytes: options.stateFormat?.cellExtensionBytes ?? 0,
      blobCount: options.stateFormat?.blobCount ?? (slides ? 2 : 1))
    let writer = try LlamaStateWriter(description: description, format: format)
    let file = try AtomicFile(path: path)
    try writer.write(source, to: file, afterLayer: afterLayer)
    try file.commit()
    return losses(of: description)
  }

  private static func losses(of description: CacheDescription) -> [ConversionLoss] {
    var losses: [ConversionLoss] = []
    if description.probeQueries > 0 { losses.append(ConversionLoss(.dropped, "probe queries are left out")) }
    guard let tokens = description.tokens else {
      return losses + [ConversionLoss(.dropped, "token ids are unknown: llama-server will not reuse the file")]
    }
    if description.geometry.firstPosition(ofTokens: tokens.count) > 0 {
      losses.append(ConversionLoss(.dropped, "token ids are left out: those of the first positions are unknown"))
    }
    return losses
  }
}
