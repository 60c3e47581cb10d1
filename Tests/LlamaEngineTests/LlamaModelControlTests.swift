import LlamaEngine
import TestSupport
import Testing

extension EngineTests {
  struct LlamaModelControlTests {
    private let scratch = ScratchFolder()

    /// A model that begins every prompt with `<s>`, token 1; `</s>` is 2.
    private func tiny() throws -> LlamaModel { try LlamaModel(path: TinyModel().write(to: scratch.file("t.gguf"))) }

    @Test func aWrittenBeginTokenIsNotDoubled() throws {
      let model = try tiny()
      #expect(model.startTokens == [1])
      let plain = try model.tokenizeWithControl("ab")
      #expect(plain.first == 1 && plain.count { $0 == 1 } == 1)
      let written = try model.tokenizeWithControl("<s>ab")
      #expect(written.first == 1 && written.count { $0 == 1 } == 1)
      // One that was meant: after the first, and anywhere later.
      #expect(try model.tokenizeWithControl("<s><s>ab").prefix(3).count { $0 == 1 } == 2)
      #expect(try model.tokenizeWithControl("a<s>b").count { $0 == 1 } == 2)
      #expect(try model.tokenizeWithControl("<s>") == [1] && model.tokenizeWithControl("") == [1])
      // As plain text it is text, after the model's own.
      let text = try model.tokenize("<s>ab")
      #expect(text.first == 1 && text.dropFirst().allSatisfy { $0 > 2 })
    }

    @Test func aModelWithoutABeginTokenGetsWhatIsWritten() throws {
      let model = TestModel.smol
      #expect(try model.tokenizeWithControl("<|im_start|><|im_start|>") == [1, 1])
      #expect(try model.tokenizeWithControl("ab") == model.tokenize("ab"))
    }

    @Test func controlTextsAreNamedOnce() throws {
      let model = try tiny()
      #expect(try model.controlTexts(in: "a</s>b<s>c</s>") == ["</s>", "<s>"])
      #expect(try model.controlTexts(in: "< s > a").isEmpty && model.controlTexts(in: "").isEmpty)
    }
  }
}
