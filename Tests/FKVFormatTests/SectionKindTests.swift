import FKVFormat
import Testing

@Suite struct SectionKindTests {
  @Test func numbersAndNames() {
    #expect(SectionKind.header.rawValue == 1)
    #expect(SectionKind.header.description == "header")
    #expect(SectionKind(rawValue: 0x00AB).description == "kind-0x00ab")
  }

  @Test func namesAreDifferent() {
    #expect(Set(SectionKind.names.values).count == SectionKind.names.count)
    #expect(SectionKind.known == Set(SectionKind.names.keys))
  }

  /// Numbers for experiments are never given a name (§7).
  @Test func experimentsStayUnknown() {
    #expect(SectionKind.known.allSatisfy { !(0x7F00...0x7FFF).contains($0.rawValue) && $0.rawValue != 0 })
  }

  @Test func idsLeaveOutWhatIsNotThere() {
    #expect("\(SectionID(.header))" == "header")
    #expect("\(SectionID(.header, layer: 0))" == "header layer 0")
    #expect("\(SectionID(.header, index: 4))" == "header #4")
    #expect("\(SectionID(.header, layer: 2, index: 4))" == "header layer 2 #4")
  }
}
