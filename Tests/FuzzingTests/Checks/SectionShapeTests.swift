import KVCacheModel
import Testing

@Suite struct SectionShapeTests {
  @Test func bytesMakeTheShape() throws {
    for (kind, type) in [(CacheKind.key, ElementType.float32), (.value, .bfloat16), (.key, .float16)] {
      let layer = LayerGeometry(kvHeads: 3, queryHeads: 6, headDim: 32, tokens: 127)
      let bytes = try #require(SectionShape.bytes(kind, type, layers: 4, layer))
      let shape = bytes.withUnsafeBytes { raw in
        var input = FuzzInput(raw)
        return SectionShape(&input)
      }
      #expect(bytes.count == SectionShape.byteCount)
      #expect(shape.kind == kind && shape.elementType == type && shape.group.count == 4)
      #expect(shape.layer.kvHeads == 3 && shape.layer.headDim == 32 && shape.layer.tokens == 127)
    }
    #expect(
      SectionShape.bytes(
        .key, .float16, layers: 5, LayerGeometry(kvHeads: 1, queryHeads: 1, headDim: 1, tokens: 1)) == nil)
  }

  @Test func whatIsNotThereIsZero() {
    let bytes: [UInt8] = [7, 1, 2]
    bytes.withUnsafeBytes { raw in
      var input = FuzzInput(raw)
      #expect(input.byte() == 7 && input.word() == 0x201 && input.word() == 0 && input.byte() == 0)
      #expect(input.bytes.isEmpty)
    }
  }
}
