import FKVFormat
import Testing

@Suite struct FormatErrorTests {
  @Test func thereIsASampleOfEveryCode() {
    #expect(sampleErrors.map(\.0.code) == FormatError.Code.allCases)
  }

  @Test func codesAreNamedAsTheErrors() {
    for (error, _) in sampleErrors {
      #expect(Mirror(reflecting: error).children.first?.label == "\(error.code)")
    }
  }

  @Test func oneLineEach() {
    for (error, line) in sampleErrors {
      #expect(error.description == line)
      #expect(!line.contains("\n"))
    }
  }
}
