import CLlama

extension LlamaModel {
  /// The token ids of a text.
  ///
  /// - Parameters:
  ///   - addSpecial: whether the model's begin (and end) token is added where the model asks for it.
  ///   - parseSpecial: whether `<|im_start|>` and the like in the text become control tokens.
  /// - Throws: `EngineError.textNotConverted` if the text is too long or the tokenizer failed.
  public func tokenize(_ text: String, addSpecial: Bool = true, parseSpecial: Bool = false) throws -> [Int32] {
    Backend.prepare()
    var text = text
    return try text.withUTF8 { bytes in
      try bytes.withMemoryRebound(to: CChar.self) { bytes in
        guard let length = Int32(exactly: bytes.count) else { throw EngineError.textNotConverted(log: "too long") }
        return try filled { (buffer: UnsafeMutablePointer<Int32>?, capacity) in
          llama_tokenize(vocabulary, bytes.baseAddress, length, buffer, capacity, addSpecial, parseSpecial)
        }
      }
    }
  }

  /// The token ids of a text that follows another: without the blank that SentencePiece models put at the beginning of
  /// every text, and without a begin token.
  ///
  /// - Parameter parseSpecial: whether `<|im_start|>` and the like in the text become control tokens.
  /// - Throws: `EngineError.textNotConverted`.
  public func tokenize(following text: String, parseSpecial: Bool = false) throws -> [Int32] {
    let plain = try tokenize(text, addSpecial: false, parseSpecial: parseSpecial)
    guard llama_vocab_type(vocabulary) == LLAMA_VOCAB_TYPE_SPM, !text.isEmpty else { return plain }
    let lead = try tokenize("\n", addSpecial: false)
    let whole = try tokenize("\n" + text, addSpecial: false, parseSpecial: parseSpecial)
    return whole.starts(with: lead) ? Array(whole.dropFirst(lead.count)) : plain
  }

  /// The text of token ids.
  ///
  /// - Parameter showSpecial: whether control tokens are written out instead of left away.
  /// - Throws: `EngineError.unknownToken` for ids that the model does not have, `EngineError.textNotConverted` if
  ///   llama.cpp failed.
  public func detokenize(_ tokens: [Int32], showSpecial: Bool = false) throws -> String {
    try check(tokens)
    Backend.prepare()
    let bytes = try filled { (buffer: UnsafeMutablePointer<CChar>?, capacity) in
      llama_detokenize(vocabulary, tokens, Int32(tokens.count), buffer, capacity, false, showSpecial)
    }
    return String(decoding: bytes.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Whether a token ends an answer: end of text, end of turn and the like; false for ids that the model does not have.
  public func isEndOfGeneration(_ token: Int32) -> Bool {
    (0..<vocabularySize).contains(Int(token)) && llama_vocab_is_eog(vocabulary, token)
  }

  /// The bytes of one token's text, which may begin or end within a character; none for control tokens.
  ///
  /// - Throws: `EngineError.unknownToken`, `EngineError.textNotConverted`.
  public func bytes(of token: Int32) throws -> [UInt8] {
    try check(CollectionOfOne(token))
    let bytes = try filled { (buffer: UnsafeMutablePointer<CChar>?, capacity) in
      llama_token_to_piece(vocabulary, token, buffer, capacity, 0, false)
    }
    return bytes.map { UInt8(bitPattern: $0) }
  }

  /// Throws `EngineError.unknownToken` for the first id that the model does not have.
  public func check(_ tokens: some Sequence<Int32>) throws {
    for token in tokens where token < 0 || token >= vocabularySize {
      throw EngineError.unknownToken(id: token, vocabulary: vocabularySize)
    }
  }

  /// Calls a function of llama.cpp that returns the number of elements written, or minus the number needed.
  private func filled<Element>(_ body: (UnsafeMutablePointer<Element>?, Int32) -> Int32) throws -> [Element] {
    let needed = body(nil, 0)
    guard needed != Int32.min else { throw EngineError.textNotConverted(log: Backend.errorLine) }
    let capacity = Int(abs(needed))
    return try [Element](unsafeUninitializedCapacity: capacity) { buffer, count in
      guard capacity > 0 else { return }
      let written = body(buffer.baseAddress, Int32(capacity))
      guard written >= 0, written <= capacity else { throw EngineError.textNotConverted(log: Backend.errorLine) }
      count = Int(written)
    }
  }
}
