/// A text as tokens, to hide needles in.
///
/// As in Needle In A Haystack (Kamradt 2023), the text is cut to what the needle leaves of the asked length; the needle
/// goes to its depth, moved back to where a sentence ends, and to the very end at depth 100.
public struct Haystack: Sendable {
  /// What every prompt begins with: the model's begin token, or nothing.
  public let start: [Int32]
  /// The text.
  public let tokens: [Int32]
  /// Token ids after which a sentence may begin.
  public let sentenceEnds: Set<Int32>

  public init(start: [Int32], tokens: [Int32], sentenceEnds: Set<Int32>) {
    self.start = start
    self.tokens = tokens
    self.sentenceEnds = sentenceEnds
  }

  /// Why a needle cannot be hidden.
  public enum Failure: Error, Equatable, Sendable, CustomStringConvertible {
    /// The text has fewer tokens than the length leaves for it.
    case tooShort(tokens: Int, needed: Int, length: Int)
    /// The needle alone is longer than the length.
    case needleTooLong(tokens: Int, length: Int)

    public var description: String {
      switch self {
      case .tooShort(let tokens, let needed, let length):
        "the haystack has \(tokens) tokens, \(needed) are needed for a length of \(length)"
      case .needleTooLong(let tokens, let length):
        "a needle of \(tokens) tokens does not fit into a length of \(length)"
      }
    }
  }

  /// The tokens of the text with a needle in it, `length` in all.
  ///
  /// - Parameter depth: 0…100, the percentage of the text that comes before the needle, or less of it: up to the last
  ///   sentence end there, or none of it if there is no sentence end.
  /// - Throws: `Failure`.
  public func prompt(needle: [Int32], length: Int, depth: Double) throws -> [Int32] {
    precondition((0...100).contains(depth))
    let room = length - start.count - needle.count
    guard room >= 0 else { throw Failure.needleTooLong(tokens: needle.count, length: length) }
    guard room <= tokens.count else {
      throw Failure.tooShort(tokens: tokens.count, needed: room, length: length)
    }
    let text = tokens[..<room]
    var place = depth == 100 ? room : Int(Double(room) * depth / 100)
    if depth < 100 {
      while place > 0, !sentenceEnds.contains(text[place - 1]) { place -= 1 }
    }
    return start + text[..<place] + needle + text[place...]
  }
}
