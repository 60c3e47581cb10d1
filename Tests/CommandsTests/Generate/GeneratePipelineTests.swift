import CacheCodec
import Foundation
import FourierKV
import Interchange
import KVCacheModel
import LlamaEngine
import TestSupport
import Testing

@testable import Commands

extension ModelTests {
  /// Going on from cache files in the model that set-up fetched.
  @Suite(.serialized) struct GeneratePipelineTests {
    private static let model = try! LlamaModel(path: ModelLocation.standardModel)
    private static let document = """
      The lighthouse at Cape Morrow was built in 1874 by the engineer Ada Finch. It stands 41 metres tall and its lamp is \
      lit by a keeper named Tom. In winter the sea freezes, and the keeper walks over the ice to the village.
      """
    private let scratch = ScratchFolder()

    private func capture(_ chat: CapturedChat = .off, system: String? = nil) throws -> String {
      let path = scratch.file("\(chat.rawValue).safetensors")
      var pipeline = CapturePipeline(
        prompt: Self.document, model: ModelLocation.standardModel, output: path, threads: 1)
      pipeline.probeQueries = 4
      pipeline.chat = chat
      pipeline.system = system
      _ = try pipeline.run()
      return path
    }

    private func compressed(_ capture: String) throws -> String {
      let path = scratch.file("c.fkv")
      _ = try CacheEncoder(.lossless, writer: "").encode(try CaptureFile(path: capture), to: path)
      return path
    }

    private func generate(_ cache: String, _ change: (inout GeneratePipeline) -> Void = { _ in }) throws
      -> GenerateReport
    {
      var pipeline = GeneratePipeline(cache: cache, model: ModelLocation.standardModel, threads: 1)
      pipeline.maxTokens = 12
      change(&pipeline)
      return try pipeline.run()
    }

    /// What a session says that reads all tokens at once and goes on greedily.
    private func expected(_ tokens: [Int32], count: Int) throws -> [Int32] {
      let session = try LlamaSession(model: Self.model, contextTokens: tokens.count + count, threads: 1)
      var logits = try session.prefill(tokens: tokens).logits
      var answer: [Int32] = []
      while answer.count < count {
        let next = Int32(logits.firstIndex(of: logits.max()!)!)
        if Self.model.isEndOfGeneration(next) { break }
        answer.append(next)
        logits = try session.logits(after: [next])[0]
      }
      return answer
    }

    @Test func aTextGoesOnAsIfItHadBeenRead() throws {
      let capture = try capture()
      let tokens = try Self.model.tokenize(Self.document)
      let question = try Self.model.tokenize(" The keeper's name is", addSpecial: false)
      var pieces: [String] = []
      var pipeline = GeneratePipeline(cache: try compressed(capture), model: ModelLocation.standardModel, threads: 1)
      pipeline.prompt = " The keeper's name is"
      pipeline.maxTokens = 12
      let report = try pipeline.run { pieces.append($0) }
      #expect(report.tokens == (try expected(tokens + question, count: 12)))
      #expect(try report.text == pieces.joined() && report.text == Self.model.detokenize(report.tokens))
      #expect(report.text.contains("Tom") && report.stop == .maxTokens && report.fedTokens == question.count)
      #expect(try generate(capture) { $0.prompt = " The keeper's name is" }.tokens == report.tokens)
      // The time of the prefill travelled into the file.
      let seconds = try #require(report.recordedPrefillSeconds)
      #expect(seconds > 0 && report.repeated == nil)
      #expect(report.speedup == (seconds + report.firstTokenSeconds) / report.totalSeconds)
      #expect(scratch.names == ["c.fkv", "off.safetensors"])
    }

    /// Without a prompt the last token is fed again, which gives the prompt's own next token.
    @Test func withoutAPromptTheTextGoesOn() throws {
      let report = try generate(try compressed(try capture())) { $0.repeatsPrefill = true }
      let tokens = try Self.model.tokenize(Self.document)
      #expect(report.tokens == (try expected(tokens, count: 12)) && report.fedTokens == 1)
      let repeated = try #require(report.repeated)
      #expect(repeated.isSameToken && repeated.prefillSeconds > 0)
      #expect(report.speedup == repeated.totalSeconds / report.totalSeconds)
    }

    @Test func anOpenMessageIsAskedQuestions() throws {
      let capture = try capture(.open, system: "Answer in one sentence.")
      let cache = try CaptureFile(path: capture).description
      #expect(
        try Self.model.detokenize(#require(cache.tokens), showSpecial: true)
          == "<|im_start|>system\nAnswer in one sentence.<|im_end|>\n<|im_start|>user\n" + Self.document)
      #expect(cache.provenance["chat_template"] == "open")
      let file = try compressed(capture)
      let report = try generate(file) {
        $0.prompt = "How tall is it?"
        $0.maxTokens = 40
      }
      let asked = try GeneratePrompt("How tall is it?", usesChat: nil, system: nil, after: cache, model: Self.model)
      #expect(
        try Self.model.detokenize(asked.tokens, showSpecial: true)
          == "\n\nHow tall is it?<|im_end|>\n<|im_start|>assistant\n")
      #expect(report.tokens == (try expected(cache.tokens! + asked.tokens, count: 40)))
      #expect(report.text.contains("41") && report.stop == .endOfGeneration)
      // The text itself goes on if it is told to.
      let plain = try GeneratePrompt(" It is", usesChat: false, system: nil, after: cache, model: Self.model)
      #expect(try plain.tokens == Self.model.tokenize(" It is", addSpecial: false))
    }

    @Test func newTurns() throws {
      func text(_ prompt: String, _ system: String?) throws -> String {
        let cache = try CaptureFile(path: capture()).description
        let tokens = try GeneratePrompt(prompt, usesChat: true, system: system, after: cache, model: Self.model).tokens
        return try Self.model.detokenize(tokens, showSpecial: true)
      }
      #expect(try text("Who?", nil) == "<|im_start|>user\nWho?<|im_end|>\n<|im_start|>assistant\n")
      #expect(
        try text("Who?", "Be brief.")
          == "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nWho?<|im_end|>\n<|im_start|>assistant\n")
      // A question cannot end its own message.
      let frame = try Self.model.tokenize("<|im_end|>", addSpecial: false, parseSpecial: true)
      #expect(frame.count == 1)
      let cache = try CaptureFile(path: scratch.file("off.safetensors")).description
      let tokens = try GeneratePrompt("<|im_end|>", usesChat: true, system: nil, after: cache, model: Self.model).tokens
      #expect(tokens.count { $0 == frame[0] } == 1)
    }

    @Test func whatCannotBeGoneOnFrom() throws {
      let raw = try capture()
      #expect(throws: GenerateFailure.emptyTurn) { try generate(raw) { $0.usesChat = true } }
      #expect(throws: GenerateFailure.systemWithoutTurn) { try generate(raw) { $0.system = "x" } }
      #expect(throws: GenerateFailure.systemWithoutTurn) {
        try generate(capture(.open)) { ($0.system, $0.usesChat) = ("x", true) }
      }
      #expect {
        try generate(raw) { $0.prompt = String(repeating: "word ", count: 9000) }
      } throws: { error in
        if case EngineError.trainedContextExceeded(_, context: 8192) = error { true } else { false }
      }
      // Without token ids there is nothing to feed again.
      let file = try CaptureFile(path: raw)
      var anonymous = try file.inMemory()
      anonymous.description.tokens = nil
      try CaptureWriter.write(anonymous, to: scratch.file("anonymous"))
      #expect(throws: GenerateFailure.unknownTokens) { try generate(scratch.file("anonymous")) }
      #expect(throws: GenerateFailure.unknownTokens) {
        try generate(scratch.file("anonymous")) { ($0.prompt, $0.repeatsPrefill) = ("x", true) }
      }
      #expect(try generate(scratch.file("anonymous")) { $0.prompt = " Tom" }.tokens.count == 12)
      // Ids that another tokenizer gave.
      var strange = try file.inMemory()
      strange.description.tokens![3] = 60_000
      strange.description.model.fingerprint = ""
      try CaptureWriter.write(strange, to: scratch.file("strange"))
      #expect(throws: EngineError.unknownToken(id: 60_000, vocabulary: 49_152)) {
        try generate(scratch.file("strange")) { $0.prompt = "x" }
      }
    }

    @Test func drawsDependOnTheSeed() throws {
      let raw = try capture()
      func draw(_ seed: UInt32) throws -> [Int32] {
        try generate(raw) { ($0.sampling.temperature, $0.sampling.seed) = (1.5, seed) }.tokens
      }
      let draws = try (0..<4).map { try draw($0) }
      #expect(try draw(0) == draws[0] && Set(draws).count > 1)
      // One token to draw from is the most likely one.
      let greedy = try generate(raw).tokens
      #expect(try generate(raw) { ($0.sampling.temperature, $0.sampling.topK) = (1.5, 1) }.tokens == greedy)
      #expect(try generate(raw) { ($0.sampling.temperature, $0.sampling.topP) = (1.5, 0.000_001) }.tokens == greedy)
    }

    @Test func timesThatAreNone() {
      #expect(PrefillRecord.seconds(["prefill_seconds": "1.5"]) == 1.5)
      for text in ["", "x", "-1", "nan", "inf"] { #expect(PrefillRecord.seconds(["prefill_seconds": text]) == nil) }
      #expect(PrefillRecord.seconds([:]) == nil)
      for text in ["off", "on", "open"] { #expect(CapturedChat(provenance: ["chat_template": text]).rawValue == text) }
      #expect(CapturedChat(provenance: [:]) == .off && CapturedChat(provenance: ["chat_template": "?"]) == .off)
    }
  }
}
