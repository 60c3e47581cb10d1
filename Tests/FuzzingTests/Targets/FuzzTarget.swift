/// A decoder that is given bytes from outside, and what it is held to.
struct FuzzTarget: Sendable {
  /// Its name on the command line and in tables.
  let name: String
  /// The longest input, in bytes.
  let mostBytes: Int
  /// What its peak of live memory may be, for what the input is and declares.
  var memory = MemoryCap()
  /// Whole inputs to start from.
  let seeds: @Sendable () throws -> [[UInt8]]
  /// Changes that keep together what belongs together in an input (sizes, offsets, hashes); nil where any change will do.
  var mutation: (@Sendable ([UInt8], inout ByteChanges) -> [UInt8])?
  /// Whether an error is one that the decoder says it throws.
  let mayThrow: @Sendable (any Error) -> Bool
  /// Decodes an input: returns, or throws an error of its own. Adds to the last argument what the input declares of
  /// decoded bytes, as soon as that is known.
  let run: @Sendable (UnsafeRawBufferPointer, inout Int) throws -> Void
}

/// The most bytes that may live at once while an input is decoded:
///
///     fixed + perByte · input bytes + perDeclared · declared bytes
struct MemoryCap: Sendable {
  var fixed = 64 << 10
  var perByte = 32
  var perDeclared = 4

  /// What a header may describe in a few bytes: 65,536 layers, of 256 bytes each while they are collected.
  static let layers = 16 << 20

  /// The cap for an input; saturates.
  func bytes(input: Int, declared: Int) -> Int {
    let (product, overflow) = declared.multipliedReportingOverflow(by: perDeclared)
    let (sum, carry) = product.addingReportingOverflow(fixed + perByte * input)
    return overflow || carry ? .max : sum
  }
}

/// What a target found wrong with the code under test; never wrong with an input.
struct FuzzFinding: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

extension FuzzTarget {
  /// Runs an input once.
  ///
  /// - Returns: whether it was decoded, or refused by an error of the decoder's; and what it declared.
  /// - Throws: `FuzzFinding` for any other error.
  func attempt(_ input: UnsafeRawBufferPointer) throws(FuzzFinding) -> (decoded: Bool, declared: Int) {
    var declared = 0
    do {
      try run(input, &declared)
      return (true, declared)
    } catch {
      guard mayThrow(error) else { throw FuzzFinding("\(name): unexpected error \(type(of: error)): \(error)") }
      // An error's text is made from what the input says; one in eight is enough to find what traps there.
      if input.count % 8 == 0 { guard !"\(error)".isEmpty else { throw FuzzFinding("\(name): an error without text") } }
      return (false, declared)
    }
  }
}
