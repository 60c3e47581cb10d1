import LlamaEngine
import Testing

extension EngineTests {
  struct LlamaModelChatTests {
    @Test func conversations() throws {
      let text = try TestModel.smol.chatPrompt([
        ChatMessage(role: "system", content: "s"), ChatMessage(role: "user", content: "u"),
        ChatMessage(role: "assistant", content: "a"), ChatMessage(role: "user", content: "ü 🙂"),
      ])
      #expect(
        text == """
          <|im_start|>system
          s<|im_end|>
          <|im_start|>user
          u<|im_end|>
          <|im_start|>assistant
          a<|im_end|>
          <|im_start|>user
          ü 🙂<|im_end|>
          <|im_start|>assistant

          """)
      // Longer than the first guess of the room that is needed.
      let long = String(repeating: "word ", count: 2000)
      #expect(try TestModel.smol.chatPrompt([ChatMessage(role: "user", content: long)]).contains(long))
    }

    @Test func framesAreWhatStandsAround() throws {
      let plain = try TestModel.smol.chatFrame()
      #expect(plain.before == "<|im_start|>user\n" && plain.after == "<|im_end|>\n<|im_start|>assistant\n")
      let told = try TestModel.smol.chatFrame(system: "s")
      #expect(told.before == "<|im_start|>system\ns<|im_end|>\n" + plain.before && told.after == plain.after)
      // A system message cannot pass for the place of the user's.
      #expect(throws: EngineError.unsupportedChatTemplate(architecture: "llama")) {
        try TestModel.smol.chatFrame(system: "\u{F8FE}\u{F8FF}")
      }
    }

    @Test func tokensThatEndAnAnswer() throws {
      let model = TestModel.smol
      let end = try model.tokenize("<|im_end|>", addSpecial: false, parseSpecial: true)
      #expect(end.count == 1 && model.isEndOfGeneration(end[0]))
      for token in try model.tokenize(" the end", addSpecial: false) { #expect(!model.isEndOfGeneration(token)) }
      #expect(!model.isEndOfGeneration(-1) && !model.isEndOfGeneration(49152))
      #expect(try model.bytes(of: end[0]) == [])
    }

    @Test func bytesOfTokensJoinToTheText() throws {
      let text = "Line 1:\n\tünïcödé 🙂 日本語"
      let tokens = try TestModel.smol.tokenize(text, addSpecial: false)
      #expect(try tokens.flatMap { try TestModel.smol.bytes(of: $0) } == Array(text.utf8))
      #expect(throws: EngineError.unknownToken(id: 49152, vocabulary: 49152)) { try TestModel.smol.bytes(of: 49152) }
    }

    @Test func promptsBeginAsTheModelAsks() throws {
      // SmolLM2 asks for no begin token, Gemma does.
      if TestModel.hasGemma { #expect(try TestModel.gemma.startTokens == TestModel.gemma.tokenize("")) }
      #expect(TestModel.smol.startTokens == [])
      #expect(try TestModel.smol.tokenize("a") == TestModel.smol.tokenize("a", addSpecial: false))
    }
  }
}
