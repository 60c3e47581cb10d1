import FKVFormat
import FileIO
import KVCacheModel

/// Writes profile `spectral`.
struct SpectralWriter: ProfileWriter {
  var parameters: SpectralParameters
  /// The basis file; nil where bases are embedded, or none was given.
  var model: ModelBasis?

  var profile: Profile { .spectral }
  var settings: [String] { parameters.settings }

  func check(_ description: CacheDescription) throws {
    try parameters.check()
    guard let model, model.hash.isEmpty else { return }
    throw CodecError.unsuitable("the basis was never written to a file, so that nothing can name it")
  }

  func write(_ job: WritingJob, progress: (Int) -> Void) throws -> WrittenSections {
    // A target that cannot be written to must not cost the search for steps.
    try FKVWriter(to: job.destination).discard()
    var encoder = try SpectralEncoder(job.source, parameters: parameters, model: model, width: job.width)
    encoder.key = job.key
    let (groupSizes, model) = (encoder.groups.map(\.count), encoder.model)
    func header(_ pass: SpectralEncoder.Pass) -> CacheHeader {
      var header = job.header(profile, settings: settings + pass.steps.settings, errors: pass.errors)
      header.groupSizes = groupSizes
      header.basisHash = model?.hash
      header.basisBytes = model?.fileBytes
      header.spectralCoding = SpectralCoding(parameters, steps: pass.steps)
      return header
    }
    let pass = try encoder.write(
      tokens: job.tokens, destination: job.destination,
      fileBytes: { $0.writer.byteCount(withHeaderBytes: header($0).record.encoded.count) }, progress: progress)
    return WrittenSections(file: pass.writer, header: header(pass), steps: pass.steps)
  }
}
