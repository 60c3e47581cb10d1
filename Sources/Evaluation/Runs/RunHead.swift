/// The first line of a results log: what was run, and with which settings.
///
/// Two runs whose heads are equal give results that belong in one table. Cells and methods are no settings: a log may be
/// gone on with by more of them.
public struct RunHead: Codable, Hashable, Sendable {
  /// The layout of the log's lines; 1.
  public var fkvRun: Int
  /// Which evaluation: `needle`, `perplexity`, `longbench`.
  public var kind: String
  /// All that a result depends on besides its cell and its method, by name.
  public var settings: [String: String]

  /// The layout that this fkv writes and reads.
  public static let currentLayout = 1

  /// A head of the current layout.
  public init(kind: String, settings: [String: String]) {
    fkvRun = Self.currentLayout
    self.kind = kind
    self.settings = settings
  }

  /// The first thing in which this head differs from another: its name and both texts, `none` where one has no such
  /// setting; nil if both are equal. Names are compared in alphabetical order, kinds before them.
  public func difference(from other: RunHead) -> (name: String, own: String, other: String)? {
    guard kind == other.kind else { return ("kind", kind, other.kind) }
    for name in Set(settings.keys).union(other.settings.keys).sorted() where settings[name] != other.settings[name] {
      return (name, settings[name] ?? "none", other.settings[name] ?? "none")
    }
    return nil
  }
}

extension RunHead {
  /// The head that the first line of the log at `path` holds.
  ///
  /// - Throws: `RunLogError.notALog`, `.layout`.
  init(line: some Sequence<UInt8>, path: String) throws {
    guard let head = try? RunCoding.value(RunHead.self, line) else { throw RunLogError.notALog(path: path) }
    guard head.fkvRun == Self.currentLayout else {
      throw RunLogError.layout(path: path, found: head.fkvRun, known: Self.currentLayout)
    }
    self = head
  }
}
