/// What a rendering may take, so that no template keeps a process busy or fills its memory.
struct Budget {
  /// Values computed and statements rendered.
  static let mostSteps = 4_000_000
  /// Expressions, blocks and macros within each other.
  static let mostNested = 100

  private(set) var steps = 0
  private(set) var bytes = 0
  private(set) var work = 0
  private(set) var depth = 0
  let mostBytes: Int
  let mostWork: Int

  /// - Parameter input: the bytes of template and conversation.
  init(input: Int) {
    mostBytes = (1 << 24) + 64 * min(input, 1 << 40)
    mostWork = (1 << 26) + 128 * min(input, 1 << 40)
  }

  mutating func step() throws {
    steps += 1
    if steps > Self.mostSteps { throw ChatTemplateError.exceeded(what: "steps", limit: Self.mostSteps) }
  }

  /// Counts characters, elements and entries that are looked at.
  mutating func spend(work count: Int) throws {
    let (sum, overflow) = work.addingReportingOverflow(count)
    if overflow || sum > mostWork {
      throw ChatTemplateError.exceeded(what: "characters and elements looked at", limit: mostWork)
    }
    work = sum
  }

  /// Counts list elements that are made, which take about 64 bytes each.
  mutating func spend(elements count: Int) throws { try spend(bytes: Self.bytes(ofElements: count)) }

  /// Counts text that is made.
  mutating func spend(bytes count: Int) throws {
    try check(bytes: count)
    bytes += count
  }

  /// Refuses what would be too much, before it is made.
  func check(bytes count: Int) throws {
    let (sum, overflow) = bytes.addingReportingOverflow(count)
    if overflow || sum > mostBytes { throw ChatTemplateError.exceeded(what: "bytes of text", limit: mostBytes) }
  }

  func check(elements count: Int) throws { try check(bytes: Self.bytes(ofElements: count)) }

  private static func bytes(ofElements count: Int) -> Int {
    let (bytes, overflow) = count.multipliedReportingOverflow(by: 64)
    return overflow ? .max : bytes
  }

  mutating func enter() throws {
    if depth == Self.mostNested { throw ChatTemplateError.exceeded(what: "levels of nesting", limit: Self.mostNested) }
    depth += 1
  }

  mutating func leave() { depth -= 1 }
}
