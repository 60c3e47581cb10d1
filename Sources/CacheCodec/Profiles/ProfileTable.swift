/// The profiles that a program reads, and how it opens each: the one place that names them all.
///
/// Adding a profile is adding a folder with a `ProfileReader` and a `ProfileWriter`, and a line here.
package struct ProfileTable: Sendable {
  /// One profile.
  package struct Entry: Sendable {
    package var profile: Profile
    /// Whether neighbouring layers are coded together: then the header gives the groups' sizes.
    package var codesGroups: Bool
    /// Opens a file of the profile.
    package var open: @Sendable (ProfileFile) throws -> any ProfileReader

    package init(
      _ profile: Profile, codesGroups: Bool = false, open: @escaping @Sendable (ProfileFile) throws -> any ProfileReader
    ) {
      self.profile = profile
      self.codesGroups = codesGroups
      self.open = open
    }
  }

  package var entries: [Entry]

  package init(_ entries: [Entry]) { self.entries = entries }

  /// fkv's own.
  package static let standard = ProfileTable([
    Entry(.lossless) { try LosslessReader($0) },
    Entry(.fourier) { try FourierReader($0) },
    Entry(.spectral, codesGroups: true) { try SpectralDecoder($0) },
  ])

  /// The entry with that code; nil where there is none.
  package subscript(code: UInt16) -> Entry? { entries.first { $0.profile.rawValue == code } }
}

extension CacheEncoder.Method {
  /// What writes a cache so.
  ///
  /// - Parameter basis: the basis file, for methods that take one.
  func profileWriter(basis: ModelBasis?) -> any ProfileWriter {
    switch self {
    case .lossless: LosslessWriter()
    case .fourier(let parameters): FourierWriter(parameters: parameters)
    case .spectral(let parameters):
      SpectralWriter(parameters: parameters, model: parameters.basis == .model ? basis : nil)
    }
  }
}
