import CLlama
import FileIO
import Foundation
import Interchange
import KVCacheModel
import LlamaEngine
import TestSupport
import Testing

extension EngineTests {
  struct LlamaModelTests {
    private let scratch = ScratchFolder()

    @Test func identifiesSmolLM2() throws {
      let model = TestModel.smol
      #expect(model.identity.architecture == "llama" && !model.identity.name.isEmpty)
      #expect(model.identity.fingerprint == (try ModelFingerprint.compute(GGUFModel(path: TestModel.path))))
      #expect(model.formerFingerprint == (try FormerModelFingerprint.compute(GGUFFile(path: TestModel.path))))
      // What caches hold that were made with this file before there was scheme 2.
      #expect(model.formerFingerprint.hasPrefix("d5b755a9"))
      #expect(model.isOwn(ModelIdentity(name: "", architecture: "", fingerprint: model.formerFingerprint)))
      #expect(!model.isOwn(ModelIdentity(name: "", architecture: "", fingerprint: String(repeating: "0", count: 32))))
      #expect(model.trainingContext == 8192 && model.vocabularySize == 49152 && model.layerCount == 30)
    }

    @Test func textSurvivesTokenization() throws {
      let model = TestModel.smol
      for text in ["", "a", "Line 1:\n\tindented — ünïcödé 🙂", String(repeating: "many words ", count: 500)] {
        let tokens = try model.tokenize(text, addSpecial: false)
        #expect(try model.detokenize(tokens) == text)
      }
      #expect(throws: EngineError.unknownToken(id: 49152, vocabulary: 49152)) { try model.detokenize([49152]) }
      #expect(throws: EngineError.unknownToken(id: -1, vocabulary: 49152)) { try model.detokenize([1, -1]) }
    }

    @Test func appliesTheChatTemplate() throws {
      let prompt = try TestModel.smol.chatPrompt([ChatMessage(role: "user", content: "How deep is the river?")])
      #expect(prompt.hasSuffix("<|im_start|>user\nHow deep is the river?<|im_end|>\n<|im_start|>assistant\n"))
      let tokens = try TestModel.smol.tokenize(prompt, parseSpecial: true)
      #expect(try TestModel.smol.detokenize(tokens, showSpecial: true) == prompt)
      #expect(tokens.count < (try TestModel.smol.tokenize(prompt, parseSpecial: false).count))
    }

    @Test func filesThatAreNoModelAreRefused() throws {
      let text = scratch.file("text.gguf")
      try Data("not a model".utf8).write(to: URL(fileURLWithPath: text))
      #expect(throws: GGUFError.notGGUF(path: text)) { try LlamaModel(path: text) }
      #expect(throws: FileError.self) { try LlamaModel(path: scratch.file("absent.gguf")) }
      #expect(throws: FileError.notRegular(path: scratch.path)) { try LlamaModel(path: scratch.path) }

      let handle = try #require(FileHandle(forReadingAtPath: TestModel.path))
      let whole = try #require(try handle.read(upToCount: 4 << 20))
      for length in [4, 100, 5000, 1 << 20, 4 << 20] {
        let path = scratch.file("truncated-\(length).gguf")
        try whole.prefix(length).write(to: URL(fileURLWithPath: path))
        #expect {
          try LlamaModel(path: path)
        } throws: { error in
          guard case GGUFError.truncated(path, _, _, _, length) = error else { return false }
          return true
        }
      }
    }

    @Test func modelsWithoutPlainAttentionAreRefusedByName() throws {
      let cases: [(architecture: String, add: (inout GGUFBuilder) -> Void, reason: String)] = [
        ("mamba", { $0.add("mamba.ssm.state_size", UInt32(16)) }, "recurrent state"),
        ("rwkv7", { $0.add("rwkv7.wkv.head_size", UInt32(64)) }, "recurrent state"),
        ("jamba", { $0.add("jamba.ssm.conv_kernel", UInt32(4)) }, "recurrent state"),
        ("lfm2", { $0.add("lfm2.shortconv.l_cache", UInt32(3)) }, "recurrent state"),
        ("qwen3next", { $0.add("qwen3next.ssm.state_size", UInt32(128)) }, "recurrent state"),
        ("deepseek2", { $0.add("deepseek2.attention.kv_lora_rank", UInt32(512)) }, "latent"),
        ("deepseek32", { $0.add("deepseek32.attention.indexer.top_k", UInt32(2048)) }, "sparse"),
        ("bert", { $0.add("bert.attention.causal", false) }, "not causal"),
        (
          "llama",
          {
            $0.add("llama.attention.key_length", UInt32(192))
            $0.add("llama.attention.value_length", UInt32(128))
          }, "192 dimensions and its values 128"
        ),
      ]
      for (index, item) in cases.enumerated() {
        var builder = GGUFBuilder()
        builder.add("general.architecture", item.architecture)
        item.add(&builder)
        let path = builder.write(to: scratch.file("\(index).gguf"))
        #expect {
          try LlamaModel(path: path)
        } throws: { error in
          guard case EngineError.unsupportedModel(item.architecture, let reason) = error else { return false }
          return reason.contains(item.reason) && "\(error)".contains("'\(item.architecture)'")
        }
      }
    }

    @Test func theEnginesOwnRefusalIsPassedOn() throws {
      var builder = GGUFBuilder()
      builder.add("general.architecture", "no-such-architecture")
      let path = builder.write(to: scratch.file("unknown.gguf"))
      #expect {
        try LlamaModel(path: path)
      } throws: { error in
        guard case EngineError.modelNotLoaded(path, let log) = error else { return false }
        return log.contains("no-such-architecture")
      }
    }

    @Test func whatWouldEndTheProcessIsRefused() throws {
      let cases: [(key: String, add: (inout GGUFBuilder, String) -> Void, found: String)] = [
        ("llama.block_count", { $0.add($1, UInt32(0)) }, "0.0"),
        ("llama.block_count", { $0.add($1, UInt32(513)) }, "513.0"),
        ("llama.attention.layer_norm_rms_epsilon", { $0.add($1, Float(-1)) }, "-1.0"),
        ("llama.attention.layer_norm_rms_epsilon", { $0.add($1, Float.nan) }, "nan"),
        ("llama.rope.freq_base", { $0.add($1, Float(0)) }, "0.0"),
      ]
      for (index, item) in cases.enumerated() {
        var builder = GGUFBuilder()
        builder.add("general.architecture", "llama")
        item.add(&builder, item.key)
        let path = builder.write(to: scratch.file("\(index).gguf"))
        #expect(throws: EngineError.invalidMetadata(path: path, key: item.key, found: item.found)) {
          try LlamaModel(path: path)
        }
      }
    }

    @Test func blockSizesAreTheEngines() {
      for (code, block) in GGUFTensor.blockSizes {
        let type = ggml_type(code)
        #expect(ggml_blck_size(type) == Int64(block.elements) && ggml_type_size(type) == block.bytes, "type \(code)")
      }
    }
  }
}
