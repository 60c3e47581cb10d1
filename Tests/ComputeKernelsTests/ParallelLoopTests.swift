import ComputeKernels
import Foundation
import Testing

@Suite struct ParallelLoopTests {
  struct Failure: Error, Equatable { var index: Int }

  /// Counts calls from several threads.
  final class Tally: @unchecked Sendable {
    private let lock = NSLock()
    private var running = 0
    private(set) var most = 0
    private(set) var calls: [Int] = []

    func run<Result>(_ index: Int, _ body: () throws -> Result) rethrows -> Result {
      lock.withLock {
        running += 1
        most = max(most, running)
        calls.append(index)
      }
      defer { lock.withLock { running -= 1 } }
      return try body()
    }
  }

  static let counts = [0, 1, 2, 3, 7, 64, 300]
  static let widths = [1, 2, 3, 16, 1000]

  @Test func theStandardWidthIsPositive() { #expect(ParallelLoop.width >= 1) }

  @Test(arguments: counts, widths) func mapKeepsTheOrder(count: Int, width: Int) throws {
    let tally = Tally()
    let result = try ParallelLoop.map(count, width: width) { index in tally.run(index) { index * index } }
    #expect(result == (0..<count).map { $0 * $0 })
    #expect(tally.calls.sorted() == Array(0..<count))
    #expect(tally.most <= width)
  }

  @Test(arguments: widths) func mapThrowsTheLowestError(width: Int) {
    for failing in [[0], [5, 6, 7], [99], Array(0..<100)] {
      let tally = Tally()
      #expect(throws: Failure(index: failing[0])) {
        _ = try ParallelLoop.map(100, width: width) { index in
          try tally.run(index) { if failing.contains(index) { throw Failure(index: index) } }
        }
      }
      #expect(Set(tally.calls).isSuperset(of: 0...failing[0]))
    }
  }

  @Test(arguments: counts, widths) func forEachVisitsEveryIndexOnce(count: Int, width: Int) throws {
    let tally = Tally()
    try ParallelLoop.forEach(count, width: width) { index in tally.run(index) {} }
    #expect(tally.calls.sorted() == Array(0..<count))
  }

  @Test(arguments: counts, widths) func orderedConsumesInOrder(count: Int, width: Int) throws {
    let tally = Tally()
    var consumed: [Int] = []
    try ParallelLoop.ordered(
      count, width: width, produce: { index in tally.run(index) { 2 * index } },
      consume: { index, element in
        #expect(element == 2 * index)
        // No more than a batch is ever ahead of what was consumed.
        #expect(tally.calls.count <= (index / width + 1) * width)
        consumed.append(index)
      })
    #expect(consumed == Array(0..<count))
    #expect(tally.most <= width)
  }

  @Test(arguments: widths) func orderedStopsAtAnError(width: Int) {
    var consumed = 0
    #expect(throws: Failure(index: 10)) {
      try ParallelLoop.ordered(
        50, width: width, produce: { if $0 == 10 { throw Failure(index: $0) } }, consume: { _, _ in consumed += 1 })
    }
    #expect(consumed == 10 / width * width)
    consumed = 0
    #expect(throws: Failure(index: 4)) {
      try ParallelLoop.ordered(
        50, width: width, produce: { $0 },
        consume: { index, _ in
          if index == 4 { throw Failure(index: index) }
          consumed += 1
        })
    }
    #expect(consumed == 4)
  }
}
