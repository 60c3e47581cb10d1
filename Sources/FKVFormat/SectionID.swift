/// What tells a section from every other in its file: no two sections of a file share all three.
public struct SectionID: Hashable, Sendable {
  public let kind: SectionKind
  /// The layer that the section belongs to; nil where it belongs to none or to all.
  public let layer: Int?
  /// The number among sections of one kind and layer, for example of a range of blocks.
  public let index: Int

  public init(_ kind: SectionKind, layer: Int? = nil, index: Int = 0) {
    self.kind = kind
    self.layer = layer
    self.index = index
  }
}

extension SectionID: CustomStringConvertible {
  /// `exact-keys layer 3 #2`; the layer is left out where there is none, the number where it is 0.
  public var description: String {
    "\(kind)" + (layer.map { " layer \($0)" } ?? "") + (index == 0 ? "" : " #\(index)")
  }
}
