import CLlama

extension LlamaModel {
  /// The token ids of a text whose control tokens are meant: `<|im_start|>` and the like become the tokens that they
  /// name. The model's begin token comes first where the model asks for one; a text that writes it out gets no second.
  ///
  /// - Throws: `EngineError.textNotConverted`.
  public func tokenizeWithControl(_ text: String) throws -> [Int32] {
    let tokens = try tokenize(text, parseSpecial: true)
    let start = startTokens
    return !start.isEmpty && tokens.starts(with: start + start) ? Array(tokens.dropFirst(start.count)) : tokens
  }

  /// The texts of the control tokens that a text names, each once, in order of their first places; empty for a text
  /// that names none.
  ///
  /// - Throws: `EngineError.textNotConverted`.
  public func controlTexts(in text: String) throws -> [String] {
    var seen: Set<Int32> = []
    return try tokenize(text, addSpecial: false, parseSpecial: true)
      .filter { llama_vocab_is_control(vocabulary, $0) && seen.insert($0).inserted }
      .map { String(cString: llama_vocab_get_text(vocabulary, $0)) }
  }
}
