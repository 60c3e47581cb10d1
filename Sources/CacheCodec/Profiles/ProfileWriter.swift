import FKVFormat
import Fidelity
import FileIO
import KVCacheModel

/// A cache on its way into a file.
package struct WritingJob {
  package var source: any CacheSource
  /// The prompt's token ids, as far as they go into the file.
  package var tokens: [Int32]?
  package var destination: any ByteDestination
  /// Encrypts the file; nil writes it as it is.
  package var key: FileKey?
  /// The program that writes.
  package var program: String
  /// Layers or groups in work at a time.
  package var width: Int

  package var description: CacheDescription { source.description }

  /// A new file at the destination, with the token ids.
  package func begin() throws -> FKVWriter {
    let file = try FKVWriter(to: destination, key: key)
    if let tokens { try TokenSection.add(tokens, to: file) }
    return file
  }

  /// The header of a file of `profile`.
  ///
  /// - Parameter errors: what was measured; nil without probe queries.
  package func header(_ profile: Profile, settings: [String], errors: AttentionErrors?) -> CacheHeader {
    CacheHeader(
      description: description, profile: profile, settings: settings, writer: program,
      storedError: errors.map { StoredError(probeQueries: description.probeQueries, errors: $0) })
  }
}

/// A file with all its sections; whoever has it commits it with the header, or discards it.
package struct WrittenSections {
  package var file: FKVWriter
  package var header: CacheHeader
  /// The steps of profile `spectral`; nil for others.
  package var steps: SpectralSteps?

  package init(file: FKVWriter, header: CacheHeader, steps: SpectralSteps? = nil) {
    self.file = file
    self.header = header
    self.steps = steps
  }
}

/// How one profile writes a cache. The bytes depend on the cache and the writer's own parameters, not on the width.
package protocol ProfileWriter: Sendable {
  var profile: Profile { get }
  /// The settings as `name=value`, as the header keeps them.
  var settings: [String] { get }

  /// Throws `CodecError.unsuitable` for a cache or parameters that no reader would take.
  func check(_ description: CacheDescription) throws

  /// Writes all sections of a cache, and measures what they cost.
  ///
  /// - Parameter progress: called with the layers done, from the calling thread.
  /// - Throws: what the source throws, `CodecError.unsuitable`, `FileError`; then nothing is left.
  func write(_ job: WritingJob, progress: (Int) -> Void) throws -> WrittenSections
}

extension ProfileWriter {
  package var settings: [String] { [] }
  package func check(_ description: CacheDescription) throws {}
}
