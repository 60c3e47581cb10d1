import CacheCodec
import Foundation
import KVCacheModel

/// Sections whose hash is right and whose contents cannot be.
enum InvalidPayloads {
  static func all() throws -> [VectorCase] {
    lossless() + planes() + fourier() + frames() + segments() + bases()
  }

  /// Two layers of 1 × 4 features, 24 tokens: exact rows 0 and 1, segments 2 ..< 10, 10 ..< 18, 18 ..< 20, 20 ..< 24;
  /// exact features in both kinds.
  static func spectral() throws -> EditableFile {
    try EditableFile(
      ValidVectors.file(ValidVectors.cache(tokens: 24), ValidVectors.spectral(exact: 0.25)))
  }

  /// A coefficient stream of kind 2: no words, all states as at the end.
  private static let sharedModels: [UInt8] = [2, 0, 0, 0, 0] + (0..<32).flatMap { _ in little(UInt32(65_536)) }

  private static func edited(
    _ name: String, _ sections: String, _ file: @escaping () throws -> EditableFile,
    _ edit: @escaping (inout EditableFile) -> Void
  ) -> VectorCase {
    VectorCase(name: name, sections: sections) {
      var file = try file()
      edit(&file)
      return file.bytes
    }
  }

  private static func lossless() -> [VectorCase] {
    func vector(_ name: String, _ sections: String, _ edit: @escaping (inout EditableFile) -> Void) -> VectorCase {
      edited(name, sections, InvalidVectors.lossless, edit)
    }
    func extended(_ name: String, _ edit: @escaping (inout EditableFile) -> Void) -> VectorCase {
      edited(
        name, "§8",
        {
          try EditableFile(ValidVectors.file(ValidVectors.cache(tokens: 9, dims: 2), .lossless, cuts: [4]))
        }, edit)
    }
    return [
      vector("too-few-ids", "§7.1") { $0.sections[0].rawBytes = 8 },
      vector("ids-of-13-bytes", "§7.1") { $0.sections[0].rawBytes = 13 },
      vector("no-keys", "§7") { $0.sections.remove(at: 1) },
      vector("no-values", "§7") { $0.sections.removeLast() },
      vector("raw-bytes-of-more-tokens", "§7") { $0.sections[1].rawBytes += 4 },
      vector("sections-of-another-profile", "§7") { $0.header[0x01] = [2, 0] },
      extended("rows-with-a-gap") { $0[16, 0, 1].firstToken = 5 },
      extended("rows-twice") { $0[16, 0, 1].firstToken = 3 },
      extended("rows-beyond-the-end") {
        $0[16, 0, 1].tokenCount = 6
        $0[16, 0, 1].rawBytes = 24
      },
      extended("rows-missing-at-the-end") { file in file.sections.removeAll { $0.kind == 16 && $0.index == 1 } },
      extended("no-rows-in-section-1") {
        ($0[16, 0, 1].firstToken, $0[16, 0, 1].tokenCount, $0[16, 0, 1].rawBytes) = (0, 0, 0)
      },
    ]
  }

  private static func planes() -> [VectorCase] {
    func vector(_ name: String, _ edit: @escaping (inout [UInt8]) -> Void) -> VectorCase {
      edited(name, "§7.2", InvalidVectors.lossless) { edit(&$0[16, 0].payload) }
    }
    // A layer of one feature and 1500 tokens, whose second plane is coded with `method`.
    func coded(_ name: String, _ sections: String = "§7.2", method: UInt8, _ edit: @escaping (inout [UInt8]) -> Void)
      -> VectorCase
    {
      VectorCase(name: name, sections: sections) {
        let vectors = ValidVectors.all()
        var file = try EditableFile(vectors.first { $0.name == "lossless-plane-methods" }!.make())
        let kind: UInt16 = method == 1 ? 17 : 16
        precondition(file[kind, 0].payload[5] == method)
        // The first plane is kept apart, the second is all that is changed.
        let first = Int(EditableFile.number(file[kind, 0].payload, 1, 4))
        var plane = Array(file[kind, 0].payload[(10 + first)...])
        edit(&plane)
        file[kind, 0].payload =
          put(
            UInt32(plane.count), 6, in: Array(file[kind, 0].payload[..<(10 + first)])) + plane
        return file.bytes
      }
    }
    return [
      vector("plane-method-3") { $0[0] = 3 },
      vector("raw-plane-of-another-length") { $0[1] -= 1 },
      vector("plane-not-smaller") { $0[0] = 1 },
      vector("plane-of-no-bytes") { ($0[0], $0[1]) = (1, 0) },
      vector("plane-beyond-the-end") { $0 = put(UInt32(1 << 30), 6, in: $0) },
      vector("bytes-behind-the-planes") { $0.append(0) },
      vector("plane-directory-cut") { $0 = Array($0.prefix(9)) },
      coded("lz4-distance-0", method: 1) { $0 = [0x1F, 0x3C, 0, 0] + $0.dropFirst(4) },
      coded("lz4-distance-before-the-start", method: 1) { $0 = [0x1F, 0x3C, 2, 0] + $0.dropFirst(4) },
      coded("lz4-ends-in-literals", method: 1) { $0[$0.count - 6] += 0x10 },
      coded("lz4-too-short", method: 1) { $0[4] -= 1 },
      coded("entropy-segment-1023", method: 2) { $0 = put(UInt32(1023), 0, in: $0) },
      coded("entropy-tables-beyond-the-end", method: 2) { $0 = put(UInt32(9999), 4, in: $0) },
      coded("entropy-state-65535", method: 2) { $0 = put(UInt32(65_535), 8, in: $0) },
      coded("entropy-final-state", method: 2) {
        $0 = put(EditableFile.number($0, 8, 4) == 65_536 ? 65_537 : 65_536 as UInt32, 8, in: $0)
      },
      coded("entropy-words-missing", method: 2) { $0.removeLast(2) },
      coded("entropy-words-left", method: 2) { $0 += [0, 0] },
      coded("entropy-half-a-word", method: 2) { $0 += [0] },
      coded("entropy-code-104", method: 2) { $0.replaceSubrange(136..<140, with: [0x01, 0x80, 0, 0]) },
      coded("entropy-golomb-of-17-zeros", method: 2) { $0.replaceSubrange(136..<140, with: [0, 0, 0, 1]) },
    ]
  }

  private static func fourier() -> [VectorCase] {
    func file() throws -> EditableFile {
      try EditableFile(ValidVectors.file(ValidVectors.cache(), ValidVectors.fourier()))
    }
    func vector(_ name: String, _ edit: @escaping (inout [UInt8]) -> Void) -> VectorCase {
      edited("fourier-\(name)", "§9.2", file) { edit(&$0[32, 0].payload) }
    }
    return [
      vector("parts-of-more-tokens") { $0[0] += 1 }, vector("features") { $0[12] = 5 },
      vector("more-spectral-than-all") { $0[16] = 5 }, vector("frequencies-0") { $0[20] = 0 },
      vector("frequencies-beyond-half") { $0[20] = 9 }, vector("period-below-the-middle") { $0[24] = 14 },
      vector("period-over-the-limit") { $0 = put(UInt32(4_194_305), 24, in: $0) },
      vector("reconstruction-2") { $0[28] = 2 }, vector("bf16-coefficients") { $0[29] = 2 },
      vector("reserved") { $0[30] = 1 }, vector("edge-bytes-2-to-64") { $0 = put(UInt64.max, 32, in: $0) },
      vector("exact-bytes") { $0[40] += 1 }, vector("feature-map-of-three") { $0[56] = 7 },
      vector("feature-map-past-the-end") { $0[56] = $0[56] & 0xFE | 0x10 },
      vector("byte-behind-the-end") { $0.append(0) }, vector("cut") { $0 = Array($0.prefix(40)) },
    ]
  }

  private static func frames() -> [VectorCase] {
    func vector(
      _ name: String, _ sections: String = "§13.2", kind: UInt16 = 48, _ edit: @escaping (inout [UInt8]) -> Void
    ) -> VectorCase {
      edited("frame-\(name)", sections, spectral) {
        edit(&$0[kind, 0].payload)
        $0[kind, 0].rawBytes = UInt64($0[kind, 0].payload.count)
      }
    }
    // Head 40, 2 weights, 8 means, one range, 2 exact features, basis.
    let (weights, means, ranges, features) = (40, 48, 64, 72)
    return [
      edited("no-key-frame", "§13.1", spectral) { file in file.sections.removeAll { $0.kind == 48 } },
      edited("no-value-frame", "§13.1", spectral) { file in file.sections.removeAll { $0.kind == 49 } },
      edited("frame-raw-bytes", "§13.1", spectral) { $0[48, 0].rawBytes += 1 },
      vector("basis-source-3") { $0[0] = 3 }, vector("values-unrotated", kind: 49) { $0[1] = 1 },
      edited("frame-unrotated-without-rope", "§13.2", spectral) { $0.header.edit(0x21) { $0[1] = [0] } },
      vector("block-length-0") { $0 = put(UInt16(0), 2, in: $0) },
      vector("block-length-1025") { $0 = put(UInt16(1025), 2, in: $0) }, vector("layers") { $0[4] = 1 },
      vector("features") { $0[8] = 9 }, vector("reflectors-9") { $0[12] = 9 },
      vector("exact-ranges-25") { $0[16] = 25 },
      vector("exact-features-9") { $0[20] = 9 }, vector("reflectors-without-basis") { $0[0] = 0 },
      vector("basis-bytes-2-to-64") { $0 = put(UInt64.max, 24, in: $0) }, vector("exact-bytes") { $0[32] += 1 },
      vector("weight-0") { $0 = put(Float(0).bitPattern, weights, in: $0) },
      vector("weight-nan") { $0 = put(Float.nan.bitPattern, weights, in: $0) },
      vector("mean-infinite") { $0 = put(UInt16(0x7C00), means, in: $0) },
      vector("range-of-0-rows") { $0 = put(UInt32(0), ranges + 4, in: $0) },
      vector("range-beyond-the-end") { $0 = put(UInt32(23), ranges, in: $0) },
      vector("exact-features-that-fall") {
        $0 = put(UInt32(5), features, in: put(UInt32(4), features + 4, in: $0))
      },
      vector("exact-feature-8") { $0 = put(UInt32(8), features + 4, in: $0) },
      vector("basis-of-kind-3", "§13.2.1") { $0[features + 8] = 3 },
      VectorCase(name: "frame-basis-of-kind-2", sections: "§13.2.1") {
        var file = try spectral()
        let bytes = file[48, 0].payload
        let exact = Int(EditableFile.number(bytes, 32, 8))
        file[48, 0].payload =
          put(UInt64(sharedModels.count), 24, in: Array(bytes[..<(features + 8)])) + sharedModels + bytes.suffix(exact)
        file[48, 0].rawBytes = UInt64(file[48, 0].payload.count)
        return file.bytes
      },
      VectorCase(name: "frame-reflector-of-zeros", sections: "§13.2.1") {
        var file = try spectral()
        // A stream of kind 0: every integer is 0.
        let bytes = file[48, 0].payload
        let (basis, exact) = (Int(EditableFile.number(bytes, 24, 8)), Int(EditableFile.number(bytes, 32, 8)))
        precondition(bytes.count == features + 8 + basis + exact)
        file[48, 0].payload = put(UInt64(1), 24, in: Array(bytes[..<(features + 8)])) + [0] + bytes.suffix(exact)
        file[48, 0].rawBytes = UInt64(file[48, 0].payload.count)
        return file.bytes
      },
      vector("byte-behind-the-end") { $0.append(0) }, vector("cut") { $0 = Array($0.prefix(30)) },
    ]
  }

  private static func segments() -> [VectorCase] {
    func vector(
      _ name: String, _ sections: String = "§13.3", _ edit: @escaping (inout [UInt8]) -> Void
    ) -> VectorCase {
      edited("segment-\(name)", sections, spectral) { edit(&$0[50, 0].payload) }
    }
    // Head 32, no block codes, then the stream: kind, family, period, one side index, words, states.
    let stream = 32
    return [
      edited("segment-missing", "§13.1", spectral) { file in
        file.sections.removeAll { $0.kind == 50 && $0.index == 1 }
      },
      edited("segment-twice", "§13.1", spectral) { file in
        var twice = file[50, 0]
        twice.index = 9
        file.sections.append(twice)
      },
      edited("segment-of-no-rows", "§13.1", spectral) {
        ($0[50, 0].firstToken, $0[50, 0].tokenCount, $0[50, 0].rawBytes) = (0, 0, 0)
      },
      edited("segment-raw-bytes", "§13.1", spectral) { $0[50, 0].rawBytes += 2 },
      vector("components-9") { $0[0] = 9 }, vector("step-0") { $0 = put(Float(0).bitPattern, 4, in: $0) },
      vector("step-infinite") { $0 = put(Float.infinity.bitPattern, 4, in: $0) },
      vector("offset-over-a-half") { $0 = put(Float(0.51).bitPattern, 8, in: $0) },
      vector("offset-nan") { $0 = put(Float.nan.bitPattern, 8, in: $0) },
      vector("block-codes-2") { $0[12] = 2 }, vector("block-codes-that-are-not-there") { $0[12] = 1 },
      vector("coefficient-bytes") { $0[16] += 1 },
      VectorCase(name: "segment-stream-of-kind-2", sections: "§13.3") {
        var file = try spectral()
        let bytes = file[50, 0].payload
        let count = Int(EditableFile.number(bytes, 16, 8))
        file[50, 0].payload =
          put(UInt64(sharedModels.count), 16, in: Array(bytes[..<32])) + sharedModels + bytes[(32 + count)...]
        return file.bytes
      },
      vector("stream-kind-3") { $0[stream] = 3 }, vector("stream-family-2") { $0[stream + 1] = 2 },
      vector("stream-period-0") { $0 = put(UInt16(0), stream + 2, in: $0) },
      vector("stream-side-index-63") { $0[stream + 4] = 63 },
      vector("stream-words-beyond-the-end") { $0 = put(UInt32.max, stream + 5, in: $0) },
      vector("stream-state-0") { $0 = put(UInt32(0), stream + 9, in: $0) },
      vector("stream-final-state") { $0[stream + 9] ^= 1 },
      VectorCase(name: "segment-stream-byte-behind", sections: "§13.3") {
        var file = try spectral()
        let bytes = file[50, 0].payload
        let count = Int(EditableFile.number(bytes, 16, 8))
        file[50, 0].payload =
          put(UInt64(count + 1), 16, in: Array(bytes[..<(32 + count)])) + [0] + bytes[(32 + count)...]
        return file.bytes
      },
      VectorCase(name: "segment-zero-stream-with-a-byte", sections: "§13.3") {
        var file = try spectral()
        let bytes = file[50, 0].payload
        let count = Int(EditableFile.number(bytes, 16, 8))
        file[50, 0].payload = put(UInt64(2), 16, in: Array(bytes[..<32])) + [0, 0] + bytes[(32 + count)...]
        return file.bytes
      },
      vector("byte-behind-the-end") { $0.append(0) }, vector("cut") { $0 = Array($0.prefix(20)) },
    ]
  }

  private static func bases() -> [VectorCase] {
    func basis(_ name: String, _ sections: String, _ edit: @escaping (inout EditableFile) -> Void) -> VectorCase {
      VectorCase(name: "basis-\(name)", sections: sections) {
        var file = try EditableFile(ValidVectors.all().first { $0.name == "basis-one-group" }!.make())
        edit(&file)
        return file.bytes
      }
    }
    func needing(_ name: String, _ basis: String?, _ edit: @escaping (inout EditableFile) -> Void = { _ in })
      -> VectorCase
    {
      VectorCase(name: name, sections: "§13.2.1 §14", basis: basis) {
        var file = try EditableFile(ValidVectors.all().first { $0.name == "spectral-model-basis" }!.make())
        edit(&file)
        return file.bytes
      }
    }
    return [
      needing("basis-file-missing", nil), needing("basis-file-of-another-hash", "basis-two-groups"),
      needing("model-basis-without-hash", "basis-one-group") {
        $0.header[0x51] = nil
      },
      basis("no-marker", "§14.1") { $0.header[0x60] = nil },
      basis("version-2", "§14.1") { $0.header[0x60] = [2, 0] },
      basis("no-model", "§14.1") { $0.header[0x10] = nil },
      basis("no-groups", "§14.1") { $0.header[0x61] = nil },
      basis("group-of-0-heads", "§14.1") { $0.header.edit(0x61) { $0[2] = little(UInt32(0)) } },
      basis("group-of-too-many-features", "§14.1") { $0.header.edit(0x61) { $0[3] = little(UInt32(9000)) } },
      basis("no-values", "§14.2") { file in file.sections.removeAll { $0.kind == 65 } },
      basis("raw-bytes", "§14.2") { $0[64, 0].rawBytes += 2 },
      basis("layers", "§14.2") { $0[64, 0].payload[0] += 1 },
      basis("features", "§14.2") { $0[64, 0].payload[4] += 1 },
      basis("reflectors", "§14.2") { $0[64, 0].payload[8] = 99 },
      basis("weight-negative", "§14.2") { $0[64, 0].payload = put(Float(-1).bitPattern, 12, in: $0[64, 0].payload) },
      basis("stream-cut", "§14.2") { $0[64, 0].payload.removeLast(2) },
    ]
  }
}
