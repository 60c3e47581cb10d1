import LlamaEngine

/// An answer in the making.
struct GeneratedAnswer {
  private let session: LlamaSession
  private let sampler: LlamaSampler
  /// The token that is next, and is not part of the answer yet.
  private(set) var next: Int32 = -1
  /// The first token that was chosen, whether it is part of the answer or ends it.
  private(set) var first: Int32 = -1
  private(set) var tokens: [Int32] = []
  private(set) var text = ""
  var stop = GenerateReport.Stop.maxTokens

  init(session: LlamaSession, sampler: LlamaSampler) {
    self.session = session
    self.sampler = sampler
  }

  /// Feeds what precedes the answer and chooses its first token.
  mutating func start(_ prompt: [Int32]) throws {
    next = try choose(after: prompt)
    first = next
  }

  /// Takes tokens until one ends the answer or there are `maxTokens`.
  mutating func finish(maxTokens: Int, emit: (String) throws -> Void) throws {
    var assembler = UTF8Assembler()
    func put(_ piece: String, _ text: inout String) throws {
      guard !piece.isEmpty else { return }
      text += piece
      try emit(piece)
    }
    while tokens.count < maxTokens {
      if session.model.isEndOfGeneration(next) {
        stop = .endOfGeneration
        break
      }
      tokens.append(next)
      try put(assembler.add(session.model.bytes(of: next)), &text)
      // What follows the last token is asked of nobody.
      guard tokens.count < maxTokens else { break }
      next = try choose(after: [next])
    }
    try put(assembler.finish(), &text)
  }

  /// Puts the answer's last token, which nothing asked for, into the session, or the one that ended it.
  func feedRest() throws {
    try session.append([stop == .endOfGeneration ? next : tokens.last ?? next], lastLogits: { _ in })
  }

  private func choose(after tokens: [Int32]) throws -> Int32 {
    try session.append(tokens, lastLogits: { _ in })
    return sampler.next(after: session)
  }
}
