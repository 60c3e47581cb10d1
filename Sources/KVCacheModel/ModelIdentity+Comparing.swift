extension ModelIdentity {
  /// The provenance entry in which new caches keep their model's fingerprint of scheme 1 as well, so that they can be
  /// compared with caches that hold no other.
  public static let formerFingerprintKey = "model.fingerprint.1"

  /// Whether two models are known to be different ones.
  ///
  /// An unknown fingerprint is no difference. Fingerprints of schemes 1 and 2 (32 and 34 digits, formats/capture.md) say
  /// nothing of each other: then the former one of the newer cache decides where it is known, else names and
  /// architectures do.
  ///
  /// - Parameters:
  ///   - former: this model's fingerprint of scheme 1, where it is known besides.
  ///   - otherFormer: likewise the other's.
  public func isKnownToDiffer(from other: ModelIdentity, former: String? = nil, otherFormer: String? = nil) -> Bool {
    guard !fingerprint.isEmpty, !other.fingerprint.isEmpty, fingerprint != other.fingerprint else { return false }
    switch (Self.scheme(fingerprint), Self.scheme(other.fingerprint)) {
    case (2, 1): if let former { return former != other.fingerprint }
    case (1, 2): if let otherFormer { return otherFormer != fingerprint }
    default: return true
    }
    return name != other.name || architecture != other.architecture
  }

  /// 1 or 2; 0 for texts that are no fingerprint of either scheme.
  static func scheme(_ fingerprint: String) -> Int {
    let digits = fingerprint.utf8
    return digits.count == 32 ? 1 : digits.count == 34 && fingerprint.hasPrefix("02") ? 2 : 0
  }
}

extension CacheDescription {
  /// The fingerprint of scheme 1, whether it is the only one or kept besides; nil if it is unknown.
  public var formerFingerprint: String? {
    provenance[ModelIdentity.formerFingerprintKey]
      ?? (ModelIdentity.scheme(model.fingerprint) == 1 ? model.fingerprint : nil)
  }

  /// Whether the caches are known to be of different models, as `ModelIdentity.isKnownToDiffer` says.
  public func isOfOtherModel(than other: CacheDescription) -> Bool {
    model.isKnownToDiffer(from: other.model, former: formerFingerprint, otherFormer: other.formerFingerprint)
  }
}
