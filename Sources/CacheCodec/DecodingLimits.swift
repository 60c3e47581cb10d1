/// How much memory and work decoding may take (formats/fkv.md §2.4). A file that wants more is refused with both numbers
/// before anything of that size is allocated or computed.
///
/// They hold for the keys or the values of one group of layers (one layer where there are no groups); as many of these as
/// there are threads are in work at once. What is allowed grows with the bytes that the file stores for them, so that a
/// small file cannot ask for all of a machine:
///
///     memory  min(memoryBytes, memoryFloor + memoryPerByte · stored)
///     work    min(workSteps, workFloor / 2·groups + workPerByte · stored)
///
/// `stored` counts the sections of the keys or values, and the basis file if it is needed. A step of work is about one
/// multiply-add of a matrix product; other operations count for as many as take their time (`DecodingCost`).
public struct DecodingLimits: Hashable, Sendable {
  /// Bytes, whatever the file stores.
  public var memoryBytes: Int
  /// Bytes that even the smallest file may ask for.
  public var memoryFloor: Int
  /// Bytes for each stored byte, above the floor.
  public var memoryPerByte: Int
  /// Steps, whatever the file stores.
  public var workSteps: Int
  /// Steps that even the smallest file may ask for, shared by all of its keys and values.
  public var workFloor: Int
  /// Steps for each stored byte, above the floor.
  public var workPerByte: Int

  public init(
    memoryBytes: Int = 32 << 30, memoryFloor: Int = 256 << 20, memoryPerByte: Int = 4096, workSteps: Int = 1 << 46,
    workFloor: Int = 1 << 33, workPerByte: Int = 1 << 20
  ) {
    precondition(
      [memoryBytes, memoryFloor, memoryPerByte, workSteps, workFloor, workPerByte].allSatisfy { $0 >= 0 },
      "limits are not negative")
    self.memoryBytes = memoryBytes
    self.memoryFloor = memoryFloor
    self.memoryPerByte = memoryPerByte
    self.workSteps = workSteps
    self.workFloor = workFloor
    self.workPerByte = workPerByte
  }

  /// Limits for a file that is trusted: `memoryBytes` whatever the file's size, and any work.
  public static func trusting(memoryBytes: Int) -> DecodingLimits {
    DecodingLimits(memoryBytes: memoryBytes, memoryFloor: memoryBytes, workSteps: .max, workFloor: .max)
  }

  /// What the keys or values of one of `groups` groups may take, for which the file stores `storedBytes`.
  func allowance(storedBytes: Int, groups: Int) -> DecodingCost {
    DecodingCost(
      memory: min(memoryBytes, memoryFloor.addingSaturated(memoryPerByte.multipliedSaturated(by: storedBytes))),
      work: min(
        workSteps,
        (workFloor / 2 / max(groups, 1)).addingSaturated(workPerByte.multipliedSaturated(by: storedBytes))))
  }
}

extension Int {
  /// self + other of numbers that are not negative; `Int.max` instead of an overflow.
  func addingSaturated(_ other: Int) -> Int {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }

  /// self · other of numbers that are not negative; `Int.max` instead of an overflow.
  func multipliedSaturated(by other: Int) -> Int {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    return overflow ? .max : product
  }
}
