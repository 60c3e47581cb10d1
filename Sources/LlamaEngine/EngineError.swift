/// Why llama.cpp could not do what was asked; `log` is the first error line that it wrote meanwhile, or empty.
public enum EngineError: Error, Equatable, Sendable {
  /// The file is GGUF, but llama.cpp did not load it.
  case modelNotLoaded(path: String, log: String)
  /// llama.cpp ends the process that loads the model or runs its first tokens (an assertion, a crash): `how` is the
  /// signal or exit status, `log` its last line.
  case modelEndsProcess(path: String, how: String, log: String)
  /// A metadata value that no model can have, and that llama.cpp would end the process over.
  case invalidMetadata(path: String, key: String, found: String)
  /// The model's cache is not plain attention, or its attention cannot be described.
  case unsupportedModel(architecture: String, reason: String)
  /// The linked llama.cpp writes state files of a layout that fkv does not know.
  case unknownStateLayout(version: Int)
  /// No context of that many tokens could be made.
  case contextNotCreated(tokens: Int, log: String)
  /// `tokens` tokens do not fit into a context of `context`.
  case contextExceeded(tokens: Int, context: Int)
  /// `tokens` tokens are more than the `context` that the model was trained with, and no other context was asked for.
  case trainedContextExceeded(tokens: Int, context: Int)
  /// There is nothing to prefill.
  case emptyPrompt
  /// A token id that the model does not have.
  case unknownToken(id: Int32, vocabulary: Int)
  /// llama.cpp failed to process the tokens from `position` on.
  case decodeFailed(position: Int, code: Int32, log: String)
  /// The text could not be tokenized, or the tokens not turned into text.
  case textNotConverted(log: String)
  /// The model file carries no chat template.
  case noChatTemplate(architecture: String)
  /// The model's chat template cannot be rendered, does not show a message as it is, or refuses the conversation.
  case unsupportedChatTemplate(architecture: String, reason: String)
  /// llama.cpp could not write its cache to a file.
  case stateNotSaved(path: String, log: String)
  /// llama.cpp did not take a cache back.
  case stateNotLoaded(log: String)
  /// A cache of another model than the session's.
  case modelMismatch(cache: String, session: String)
  /// A cache whose layer does not fit the session's model.
  case cacheMismatch(layer: Int, what: String, expected: String, found: String)
}

extension EngineError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .modelNotLoaded(let path, let log): "\(path): llama.cpp could not load the model" + suffix(log)
    case .modelEndsProcess(let path, let how, let log):
      "\(path): llama.cpp cannot run this model; a trial in a process of its own ended with \(how)" + suffix(log)
    case .invalidMetadata(let path, let key, let found): "\(path): metadata '\(key)' cannot be \(found)"
    case .unsupportedModel(let architecture, let reason):
      "models of architecture '\(architecture)' are not supported: \(reason)"
    case .unknownStateLayout(let version):
      "the linked llama.cpp writes state files of an unknown layout (version \(version))"
    case .contextNotCreated(let tokens, let log): "no context of \(tokens) tokens could be made" + suffix(log)
    case .contextExceeded(let tokens, let context): "\(tokens) tokens do not fit into a context of \(context)"
    case .trainedContextExceeded(let tokens, let context):
      "\(tokens) tokens do not fit into a context of \(context), which the model was trained with; --context N allows more"
    case .emptyPrompt: "the prompt is empty"
    case .unknownToken(let id, let vocabulary): "token \(id) is not one of the model's \(vocabulary)"
    case .decodeFailed(let position, let code, let log):
      "llama.cpp failed at position \(position) (code \(code))" + suffix(log)
    case .textNotConverted(let log): "the text could not be converted" + suffix(log)
    case .noChatTemplate(let architecture): "this '\(architecture)' model has no chat template"
    case .unsupportedChatTemplate(let architecture, let reason):
      "the chat template of this '\(architecture)' model cannot be used: \(reason)"
    case .stateNotSaved(let path, let log): "\(path): llama.cpp could not write its cache" + suffix(log)
    case .stateNotLoaded(let log): "llama.cpp did not take the cache" + suffix(log)
    case .modelMismatch(let cache, let session): "the cache belongs to model \(cache), not to \(session)"
    case .cacheMismatch(let layer, let what, let expected, let found):
      "layer \(layer) of the cache does not fit the model: \(what) is \(found), not \(expected)"
    }
  }

  private func suffix(_ log: String) -> String { log.isEmpty ? "" : ": \(log)" }
}
