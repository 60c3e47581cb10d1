import CacheCodec
import Commands
import Interchange
import KVCacheModel
import TestSupport
import Testing

@Suite struct ByteAccountTests {
  private static let methods: [CacheEncoder.Method] = {
    var spectral = SpectralParameters()
    spectral.rate = .step(0.2)
    return [.lossless, .fourier(FourierParameters()), .spectral(spectral)]
  }()

  /// Every byte is in one place, by layers and by parts, and parts are those of `fkv inspect`.
  @Test(arguments: methods.indices, [nil, 16] as [Int?]) func everyByteOnce(method: Int, window: Int?) throws {
    let scratch = ScratchFolder()
    let cache = SyntheticCache.make(layers: 4, tokens: 90, slidingWindow: window)
    _ = try CacheEncoder(Self.methods[method], writer: "test").encode(cache, to: scratch.file("c.fkv"))
    let report = try InspectPipeline(path: scratch.file("c.fkv")).run()
    let account = ByteAccount(report)
    #expect(account.fileBytes == report.size.fileBytes)
    #expect(account.rows.map(\.layers) == report.groups.map { $0 } + [nil])
    #expect(account.rows.allSatisfy { $0.bytes.count == account.categories.count && $0.bytes.allSatisfy { $0 >= 0 } })
    for (group, row) in zip(report.groups.indices, account.rows) {
      #expect(row.total == report.keys[group].fileBytes + report.values[group].fileBytes)
    }
    let names = account.categories.map(\.name)
    #expect(Set(names).count == names.count)
    let breakdown = Dictionary(uniqueKeysWithValues: report.breakdown.map { ($0.name, $0.bytes) })
    for (index, name) in names.enumerated() { #expect(account.total(index) == breakdown[name] && breakdown[name]! > 0) }
    #expect(breakdown.filter { $0.value > 0 }.count == names.count)
    // Keys come first, values next, the rest last.
    let order = account.categories.map { $0.half == .keys ? 0 : $0.half == .values ? 1 : 2 }
    #expect(order == order.sorted() && Set(order) == [0, 1, 2])
  }
}
