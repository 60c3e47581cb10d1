import Fidelity
import FourierKV

/// All that a report on an `.fkv` says, as values.
public struct ReportContents: Sendable {
  /// A file that the report was made of.
  public struct File: Hashable, Sendable {
    /// `cache`, `reference`, `basis` or `bench result`.
    public var role: String
    /// As it was given.
    public var path: String
    public var bytes: Int
    /// XXH3-64 of its bytes, as `xxhsum -H3` prints it: 16 hexadecimal digits.
    public var hash: String
  }

  public var files: [File]
  /// Header, size and parts of the `.fkv`.
  public var inspection: InspectPipeline.Report
  public var account: ByteAccount
  /// Attention, key and value errors by layer.
  public var comparison: CacheComparison
  /// nil without a continuation.
  public var predictions: PredictionComparison?
  /// Keys first, values last.
  public var spectra: [TokenSpectrum]
  public var depth: DepthErrors
  /// Points of other methods on the same cache; nil without a bench result.
  public var rates: BenchResult.Capture?
}
