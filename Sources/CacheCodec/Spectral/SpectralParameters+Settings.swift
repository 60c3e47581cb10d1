extension SpectralParameters {
  /// The settings as `name=value`, as the header keeps them.
  var settings: [String] {
    let rate =
      switch self.rate {
      case .automatic: "rate=automatic"
      case .targetError(let error): "target-error=\(error)"
      case .ratio(let ratio): "ratio=\(ratio)"
      case .step(let step): "step=\(step)"
      }
    let steps = resolvedWindowSteps
    return [
      rate, "basis=\(basis.name)", "group-layers=\(groupLayers.map(String.init) ?? "auto")", "block=\(blockLength)",
      "sinks=\(sinks)", "window=\(window.map(String.init) ?? "auto")", "window-coding=\(windowCoding.name)",
      "window-steps=\(steps.earlier),\(steps.latestKeys),\(steps.latestValues)",
      "segment=\(segmentTokens)", "exact-fraction=\(exactFraction)",
      "attention-weighted-values=\(weightsValuesByAttention)",
    ]
  }
}

extension SpectralSteps {
  /// The steps as the header keeps them.
  var settings: [String] { ["key-step=\(key)", "value-step=\(value)"] }
}
