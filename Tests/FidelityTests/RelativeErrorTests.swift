import Fidelity
import Testing

@Suite struct RelativeErrorTests {
  private static func value(_ reference: [Float], _ restored: [Float]) -> Double {
    var error = RelativeError()
    error.add(reference, restored)
    return error.value
  }

  @Test func theQuotientOfNorms() {
    #expect(Self.value([3, 4], [3, 4]) == 0)
    #expect(Self.value([3, 4], [3, 0]) == 0.8)
    #expect(Self.value([3, 4], [0, 0]) == 1)
    #expect(Self.value([1e30, 0], [0, 0]) == 1)
    #expect(Self.value([1e-30, 0], [0, 0]) == 1)
  }

  @Test func partsAddUp() {
    var (whole, first, second) = (RelativeError(), RelativeError(), RelativeError())
    whole.add([1, 2, 3], [1, 1, 1])
    first.add([1], [1])
    second.add([2, 3], [1, 1])
    first.add(second)
    #expect(first == whole && whole.value == (5.0 / 14).squareRoot())
  }

  @Test func zeros() {
    #expect(RelativeError().value == 0)
    #expect(Self.value([], []) == 0)
    #expect(Self.value([0, 0], [0, 0]) == 0)
    #expect(Self.value([0, 0], [0, 1e-30]) == .infinity)
    #expect(Self.value([0], [-0.0]) == 0)
  }

  @Test(arguments: [0, 1]) func nothingThatIsNotANumberPassesALimit(side: Int) {
    for bad: Float in [.nan, -.nan] {
      #expect(Self.value([1, bad], [1, 1]) == .infinity)
      #expect(Self.value([1, 1], [1, bad]) == .infinity)
      #expect(Self.value([bad], [bad]) == .infinity)
    }
    #expect(Self.value([1, .infinity], [1, 1]) == .infinity)
    #expect(Self.value([1, 1], [1, .infinity]) == .infinity)
    #expect(Self.value([1, .infinity], [1, -.infinity]) == .infinity)
  }

  @Test func equalInfinitiesAreEqual() {
    #expect(Self.value([1, .infinity], [1, .infinity]) == 0)
    #expect(Self.value([-.infinity], [-.infinity]) == 0)
  }
}
