import ComputeKernels
import KVCacheModel
import SpectralTransform

extension FourierLayer {
  /// Takes up tokens that follow: the window keeps its length, and each token that leaves it joins the middle: its exact
  /// features as they are, the others by one term in each coefficient (the paper's incremental update).
  ///
  /// - Parameters:
  ///   - keys: (H, n, D), of the file's key type.
  ///   - values: (H, n, D), of its value type.
  /// - Throws: `FlashAttentionError.periodFull`, `.notExtensible`: then nothing has changed.
  /// - Accuracy: after m tokens a coefficient is off from one made of all tokens at once by at most
  ///   (m + 4)·2⁻²³·(its size + Σ 2|x|/P), and by what the file's own rounding lost of the first.
  /// - Complexity: O(N·H·D) a token.
  public mutating func append(keys new: CacheTensor, values newValues: CacheTensor) throws {
    precondition(new.tokens == newValues.tokens && new.elementType == keyType && newValues.elementType == valueType)
    precondition(new.kvHeads == geometry.kvHeads && new.headDim == geometry.headDim)
    precondition(newValues.kvHeads == geometry.kvHeads && newValues.headDim == geometry.headDim)
    if let grid {
      guard isExtensible else { throw FlashAttentionError.notExtensible }
      guard middle + new.tokens <= grid.spectrum.period else {
        throw FlashAttentionError.periodFull(period: grid.spectrum.period)
      }
    }
    let count = new.tokens
    guard count > 0 else { return }
    let start = middle
    for head in heads.indices {
      heads[head].enter(head, new, newValues, at: windowStart + window)
      heads[head].leave(windowStart, count: count, at: start, keys: keys.exact[head], values: values.exact[head])
    }
    if let spectrum = grid?.spectrum {
      keys.add(heads.map(\.windowKeys), from: windowStart, count: count, at: start, spectrum)
      values.add(heads.map(\.windowValues), from: windowStart, count: count, at: start, spectrum)
    }
    middle += count
    windowStart += count
    geometry.tokens += count
    // Tokens that have left are dropped when they take as much room as the window.
    if windowStart >= max(window, 4 * heads[0].windowKeys.tileTokens) {
      for head in heads.indices { heads[head].compact(from: windowStart, count: window) }
      windowStart = 0
    }
  }
}

extension FourierHead {
  /// Stores new tokens after the window.
  mutating func enter(_ head: Int, _ keys: CacheTensor, _ values: CacheTensor, at start: Int) {
    windowKeys.reserve(start + keys.tokens, exactly: false)
    windowValues.reserve(start + keys.tokens, exactly: false)
    for (tensor, path) in [(keys, \FourierHead.windowKeys), (values, \FourierHead.windowValues)] {
      tensor.bytes.withUnsafeBytes { bytes in
        let size = tensor.elementType.byteCount
        let base = bytes.baseAddress! + head * tensor.tokens * tensor.headDim * size
        for i in 0..<tensor.headDim {
          self[keyPath: path].store(
            base + i * size, of: tensor.elementType, stride: tensor.headDim, count: tensor.tokens, at: start, feature: i
          )
        }
      }
    }
  }

  /// Copies exact features of tokens of the window to the middle.
  mutating func leave(_ first: Int, count: Int, at start: Int, keys: [Int], values: [Int]) {
    let size = windowKeys.element.byteCount
    var row = [UInt8](repeating: 0, count: windowKeys.features * size)
    for (elements, source, target) in [
      (keys, \FourierHead.windowKeys, \FourierHead.middleKeys),
      (values, \FourierHead.windowValues, \FourierHead.middleValues),
    ] {
      self[keyPath: target].reserve(start + count, exactly: false)
      for t in 0..<count {
        row.withUnsafeMutableBytes { row in
          self[keyPath: source].load(token: first + t, into: row.baseAddress!)
          for (place, i) in elements.enumerated() {
            self[keyPath: target].store(
              row.baseAddress! + i * size, stride: size, count: 1, at: start + t, feature: place)
          }
        }
      }
    }
  }

  /// Moves the window to the start of its tiles.
  mutating func compact(from start: Int, count: Int) {
    let size = windowKeys.element.byteCount
    var row = [UInt8](repeating: 0, count: windowKeys.features * size)
    for path in [\FourierHead.windowKeys, \FourierHead.windowValues] {
      for t in 0..<count {
        row.withUnsafeMutableBytes { row in
          self[keyPath: path].load(token: start + t, into: row.baseAddress!)
          for i in 0..<row.count / size {
            self[keyPath: path].store(row.baseAddress! + i * size, stride: size, count: 1, at: t, feature: i)
          }
        }
      }
    }
  }
}

extension FourierFeatures {
  /// Adds tokens of the window, at positions from `start` on, to the coefficients.
  mutating func add(
    _ window: [TokenTiles], from first: Int, count: Int, at start: Int, _ spectrum: TruncatedSpectrum
  ) {
    guard self.count > 0 else { return }
    var samples = [Float](repeating: 0, count: count * self.count)
    for (head, tiles) in window.enumerated() where !spectral[head].isEmpty {
      for t in 0..<count {
        let row = tiles.values(token: first + t)
        for (place, i) in spectral[head].enumerated() {
          samples[t * self.count + columns[head].lowerBound + place] = row[i]
        }
      }
    }
    spectrum.add(samples, signals: self.count, at: start, to: &coefficients)
  }
}

extension TokenTiles {
  /// A token's features in single precision.
  func values(token: Int) -> [Float] {
    var bytes = [UInt8](repeating: 0, count: features * element.byteCount)
    bytes.withUnsafeMutableBytes { load(token: token, into: $0.baseAddress!) }
    let type = ElementType(rawValue: element.rawValue)!
    return CacheTensor(kvHeads: 1, tokens: 1, headDim: features, elementType: type, bytes: bytes).floats()
  }
}
