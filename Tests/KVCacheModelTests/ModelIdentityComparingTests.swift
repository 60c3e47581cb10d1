import KVCacheModel
import Testing

struct ModelIdentityComparingTests {
  private static let (old, new) = (String(repeating: "a", count: 32), "02" + String(repeating: "b", count: 32))

  private func model(_ fingerprint: String, name: String = "m") -> ModelIdentity {
    ModelIdentity(name: name, architecture: "llama", fingerprint: fingerprint)
  }

  @Test func oneSchemeDecidesByItself() {
    #expect(!model(Self.new).isKnownToDiffer(from: model(Self.new, name: "other")))
    #expect(model(Self.new).isKnownToDiffer(from: model("02" + String(repeating: "c", count: 32))))
    #expect(model(Self.old).isKnownToDiffer(from: model(String(repeating: "c", count: 32))))
    #expect(!model("").isKnownToDiffer(from: model(Self.old)) && !model(Self.new).isKnownToDiffer(from: model("")))
    #expect(model("x").isKnownToDiffer(from: model(Self.new)))
  }

  @Test func acrossSchemesTheFormerFingerprintDecides() {
    #expect(!model(Self.new).isKnownToDiffer(from: model(Self.old, name: "other"), former: Self.old))
    #expect(model(Self.new).isKnownToDiffer(from: model(Self.old), former: String(repeating: "c", count: 32)))
    #expect(model(Self.old).isKnownToDiffer(from: model(Self.new), otherFormer: String(repeating: "c", count: 32)))
    // Without one, the name does.
    #expect(!model(Self.old).isKnownToDiffer(from: model(Self.new)))
    #expect(model(Self.old, name: "other").isKnownToDiffer(from: model(Self.new)))
  }
}
