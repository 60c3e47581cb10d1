/// Bytes in memory.
public final class MemorySink: ByteSink {
  /// What errors call it.
  public let name: String
  /// What was appended; complete after `commit()`, empty after `discard()`.
  public private(set) var bytes: [UInt8] = []
  private var isOpen = true
  private let whenCommitted: (([UInt8]) -> Void)?

  /// An empty sink.
  ///
  /// - Parameters:
  ///   - name: what errors call it.
  ///   - whenCommitted: gets the bytes at `commit()`.
  public init(name: String = "memory", whenCommitted: (([UInt8]) -> Void)? = nil) {
    self.name = name
    self.whenCommitted = whenCommitted
  }

  /// Bytes appended so far.
  public var byteCount: Int { bytes.count }

  /// Adds bytes at the end; traps after `commit()` or `discard()`.
  public func append(_ bytes: some ContiguousBytesSequence) {
    precondition(isOpen, "committed or discarded before")
    bytes.withRawBytes { self.bytes.append(contentsOf: $0) }
  }

  /// Replaces bytes that were appended before; traps beyond them.
  public func overwrite(_ bytes: some ContiguousBytesSequence, at offset: Int) {
    precondition(isOpen, "committed or discarded before")
    bytes.withRawBytes { source in
      precondition(offset >= 0 && offset + source.count <= byteCount, "overwrites what was not written yet")
      self.bytes.withUnsafeMutableBytes { target in
        UnsafeMutableRawBufferPointer(rebasing: target[offset..<offset + source.count]).copyMemory(from: source)
      }
    }
  }

  /// Ends the writing; traps after `commit()` or `discard()`.
  public func commit() {
    precondition(isOpen, "committed or discarded before")
    isOpen = false
    whenCommitted?(bytes)
  }

  /// Gives the bytes up and their memory back; nothing happens after `commit()` or a second call.
  public func discard() {
    guard isOpen else { return }
    isOpen = false
    bytes = []
  }
}

/// Memory as the place where a file is written: after the writing, `bytes` are the file.
public final class MemoryDestination: ByteDestination {
  /// What errors call it.
  public let name: String
  /// The bytes that were committed last; nil before that.
  public private(set) var bytes: [UInt8]?

  /// A destination without bytes.
  public init(name: String = "memory") { self.name = name }

  /// A new, empty sink.
  public func open() -> any ByteSink { MemorySink(name: name) { [weak self] in self?.bytes = $0 } }
}
