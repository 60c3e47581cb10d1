/// Why there is no basis to code with.
public enum BasisFailure: Error, Equatable, Sendable, CustomStringConvertible {
  /// A file needs the basis with that hash, and it lies in none of the places.
  case missing(hash: String, places: [String])
  /// There is no basis for a model.
  case noneForModel(String, place: String)
  /// The model has no fingerprint to find a basis by.
  case unknownModel
  /// A basis file was named, and nothing needs one.
  case unused(String)

  public var description: String {
    switch self {
    case .missing(let hash, let places):
      "the file needs the basis file with hash \(hash); it is not "
        + (places.isEmpty ? "to be found without the model's fingerprint" : places.joined(separator: " nor "))
        + "; name it with --basis-file"
    case .noneForModel(let model, let place):
      "there is no basis for model \(model): no file \(place); fkv calibrate makes one"
    case .unknownModel:
      "the model's fingerprint is unknown, so no basis can be found by it; name one with --basis-file"
    case .unused(let path):
      "\(path): a basis file was given, and neither the cache nor the settings need one"
    }
  }
}
