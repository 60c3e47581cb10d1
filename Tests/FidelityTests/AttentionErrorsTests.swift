import Fidelity
import Testing

@Suite struct AttentionErrorsTests {
  private let errors = AttentionErrors(layers: [[0.1, 0.3], [0.5, 0.3], [0.2]])

  @Test func summaries() {
    #expect(errors.mean == (0.1 + 0.3 + 0.5 + 0.3 + 0.2) / 5)
    #expect(errors.max == 0.5)
    #expect(errors.layerMeans == [(0.1 + 0.3) / 2, (0.5 + 0.3) / 2, 0.2])
  }

  @Test func nothingGivesZeros() {
    #expect(AttentionErrors(layers: []).mean == 0 && AttentionErrors(layers: []).max == 0)
    #expect(AttentionErrors(layers: [[]]).layerMeans == [0])
    #expect(AttentionErrors(layers: []).worst(3).isEmpty)
  }

  @Test func worstPlacesComeFirstAndTiesInOrder() {
    let worst = errors.worst(4)
    #expect(worst.map(\.layer) == [1, 0, 1, 2] && worst.map(\.head) == [0, 1, 1, 0])
    #expect(worst.map(\.error) == [0.5, 0.3, 0.3, 0.2])
    #expect(errors.worst(0).isEmpty && errors.worst(99).count == 5)
  }

  @Test func headsAreMeasuredApart() {
    let reference: [Float] = [3, 4, 0, 0, 1, 0, 2, 0]
    let restored: [Float] = [3, 0, 0, 0, 1, .nan, 2, 0]
    #expect(AttentionErrors.ofHeads(reference: reference, restored: restored, heads: 4) == [0.8, 0, .infinity, 0])
    #expect(AttentionErrors.ofHeads(reference: [], restored: [], heads: 3) == [0, 0, 0])
    #expect(AttentionErrors(layers: [[.infinity, 0]]).mean == .infinity)
  }
}
