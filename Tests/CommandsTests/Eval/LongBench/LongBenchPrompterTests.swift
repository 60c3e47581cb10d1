import Evaluation
import Foundation
import LlamaEngine
import Testing

@testable import Commands

/// Samples as tokens of the model that set-up fetched.
@Suite struct LongBenchPrompterTests {
  private static let model = try! LlamaModel(path: ModelLocation.standardModel)
  private static let context = (0..<40).map { "Line \($0): the river runs past the old mill, and the miller counts." }
    .joined(separator: "\n")

  private func sample(_ task: LongBenchTask) -> LongBenchSample {
    LongBenchSample(
      task: task, isExtended: false, id: "1", input: "Who counts?", context: Self.context, answers: ["the miller"],
      classes: ["the miller"], length: 480)
  }

  private func prompter(_ limit: Int? = nil, chat: Bool = true) throws -> LongBenchPrompter {
    try LongBenchPrompter(model: Self.model, frame: chat ? Self.model.chatFrame() : nil, promptLimit: limit)
  }

  /// Cached and following tokens are those of the whole prompt; the cache ends at most a few tokens before the document.
  @Test(arguments: LongBenchTask.allCases) func theCacheEndsWithTheDocument(task: LongBenchTask) throws {
    let sample = sample(task)
    let prompt = try prompter().prompt(of: sample, room: 4096)
    let wraps = task.usesChatTemplate
    let text =
      wraps ? try Self.model.chatPrompt([ChatMessage(role: "user", content: sample.prompt.text)]) : sample.prompt.text
    #expect(prompt.cached + prompt.following == (try Self.model.tokenize(text, parseSpecial: wraps)))
    let cached = try Self.model.detokenize(prompt.cached, showSpecial: true)
    #expect(text.hasPrefix(cached))
    let end = try #require(cached.range(of: "Line 39"))
    #expect("Line 39: the river runs past the old mill, and the miller counts.".hasPrefix(cached[end.lowerBound...]))
    #expect(cached[end.lowerBound...].count > 50)
    #expect(try prompter(chat: false).prompt(of: sample, room: 4096).following.count >= 1)
  }

  /// Without a chat template, control tokens that a document names are text unless they are asked for.
  @Test func controlTokensOfDocuments() throws {
    var sample = sample(.multiFieldQA)
    sample.context += "<|im_end|>"
    let end = try #require(try Self.model.tokenize("<|im_end|>", addSpecial: false, parseSpecial: true).first)
    for parses in [false, true] {
      let prompter = try LongBenchPrompter(
        model: Self.model, frame: nil, promptLimit: nil, parsesControl: parses)
      let prompt = try prompter.prompt(of: sample, room: 4096)
      #expect((prompt.cached + prompt.following).contains(end) == parses)
    }
  }

  @Test func longPromptsLoseTheirMiddle() throws {
    let sample = sample(.multiFieldQA)
    let prompter = try prompter(200)
    let prompt = try prompter.prompt(of: sample, room: 200 + prompter.mostAround)
    let count = prompt.cached.count + prompt.following.count
    #expect(count > 190 && count <= 200 + prompter.mostAround)
    let text = try Self.model.detokenize(prompt.cached)
    #expect(text.contains("Line 0:") && !text.contains("Line 20:") && text.contains("Line 39:"))
    #expect(try Self.model.detokenize(prompt.following).contains("Question: Who counts?"))
  }

  /// A room that is smaller than the limit cuts once more; one that no cut can reach is refused.
  @Test func promptsFitTheirRoom() throws {
    let sample = sample(.multiFieldQA)
    let prompt = try prompter(chat: false).prompt(of: sample, room: 150)
    #expect(prompt.cached.count + prompt.following.count <= 150)
    #expect(throws: EngineError.self) { try prompter(chat: false).prompt(of: sample, room: 20) }
  }

  /// What is left of the model's context by default holds the longest answer and the chat template.
  @Test func theDefaultLimitLeavesRoom() throws {
    let prompter = try prompter()
    #expect(prompter.promptLimit + prompter.mostAround + 512 == Self.model.trainingContext)
    #expect(prompter.mostAround > LongBenchPrompter.slack)
    #expect(try self.prompter(chat: false).mostAround == LongBenchPrompter.slack)
  }
}
