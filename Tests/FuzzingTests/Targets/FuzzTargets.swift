/// Everything that takes bytes from outside, one target a decoder.
enum FuzzTargets {
  static let all: [FuzzTarget] =
    [
      CoefficientTargets.decoding, CoefficientTargets.coding, ByteTargets.entropy, ByteTargets.planed, ByteTargets.lz4,
      RecordTarget.all, ContainerTargets.container, ContainerTargets.cache, ContainerTargets.basis,
      ContainerTargets.salvaging, ContainerTargets.sealed, ContainerTargets.appending, ContainerTargets.attention,
      ChatTemplateTarget.all,
    ] + SectionTargets.all + ForeignTargets.all + EvaluationTargets.all
}
