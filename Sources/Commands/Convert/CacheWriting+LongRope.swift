import Interchange
import KVCacheModel

extension CacheWriting {
  /// `source` with keys for the context of the program that is to read them, if the model takes other rotary factors in a
  /// longer context.
  ///
  /// - Throws: `Failure.unknownContext` if that context is not known, `Failure.unknownFactors` if keys would have to be
  ///   turned and the model is not at hand.
  func turned(_ source: any CacheSource, for target: any CacheFormat, _ path: String) throws -> any CacheSource {
    let description = source.description
    guard let carried = description.longRope ?? unnamed(in: description) else { return source }
    // A description goes along with the keys in fkv's own files, so that they need no engine's context.
    let describesItself = ["capture", "fkv"].contains(target.name)
    if describesItself && context == nil { return source }
    let end = description.geometry.endPosition
    let original =
      model?.originalContext ?? description.provenance[CacheDescription.originalContextKey].flatMap { Int($0) }
    guard let original else { throw Failure.unknownFactors(path: path, carried: carried) }
    let wanted: LongRope
    if let context {
      wanted = LongRopeFactors.choice(context: max(context, end), originalContext: original)
    } else if end > original {
      wanted = .long
    } else {
      throw Failure.unknownContext(path: path, carried: carried, originalContext: original)
    }
    guard wanted != carried else { return source }
    guard let model, model.layers.count == description.geometry.layers.count else {
      throw Failure.unknownFactors(path: path, carried: carried)
    }
    let others = model.ropes(carrying: wanted)
    var ropes = description.ropes
    for (layer, own) in zip(model.layers, description.geometry.layers) where others[layer.ropeIndex].longRope == wanted
    {
      var rope = others[layer.ropeIndex]
      rope.pairing = ropes[own.ropeIndex].pairing
      guard rope.longRope == wanted, rope.dimensions == ropes[own.ropeIndex].dimensions else {
        throw Failure.unknownFactors(path: path, carried: carried)
      }
      ropes[own.ropeIndex] = rope
    }
    return RopeTurnedCache(source, ropes: ropes)
  }

  /// The factors that keys carry where the description does not name them but the model's file is at hand.
  private func unnamed(in description: CacheDescription) -> LongRope? {
    guard let model, model.originalContext != nil, model.layers.count == description.geometry.layers.count else {
      return nil
    }
    return LongRope.allCases.first { choice in
      let ropes = model.ropes(carrying: choice)
      return zip(model.layers, description.geometry.layers).contains { layer, own in
        let (a, b) = (ropes[layer.ropeIndex], description.ropes[own.ropeIndex])
        return a.longRope == choice && a.inverseFrequencies == b.inverseFrequencies
      }
    }
  }
}
