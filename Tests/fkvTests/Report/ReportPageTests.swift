import CacheCodec
import KVCacheModel
import Testing

@testable import Commands
@testable import fkv

@Suite struct ReportPageTests {
  private let sample = ReportSample()

  @Test(arguments: ReportSample.methods.indices) func pagesAreWellFormedAndHarmless(index: Int) throws {
    let page = try sample.page(ReportSample.cache(), ReportSample.methods[index].method)
    #expect(MarkupCheck.fault(in: page) == nil)
    for id in ReportSample.names { #expect(page.contains("<section id=\"\(id)\"") && page.contains("href=\"#\(id)\"")) }
    for harm in ["<script", "<img", "<i>writer", "<b>&amp;.safe", "http://x/y\"", "src=\"", "url(", "@import"] {
      #expect(!page.contains(harm), "\(harm)")
    }
    #expect(page.contains("&lt;/title&gt;&lt;script&gt;"))
    #expect(page.contains("content=\"default-src 'none'; style-src 'unsafe-inline'; "))
    #expect(!page.contains("nan\"") && !page.contains("inf\""))
  }

  @Test func everyErrorHasACellAndARow() throws {
    let contents = try sample.contents(ReportSample.cache(), ReportSample.methods[2].method)
    let page = ReportPage(contents, arguments: []).html
    for (layer, heads) in contents.comparison.attention.layers.enumerated() {
      for (head, error) in heads.enumerated() {
        let text = "layer \(layer), query head \(head), KV head \(head / 3): \(Format.significant(error))</title>"
        #expect(page.contains(text))
      }
    }
    #expect(page.contains(">0 w</text>") == false && page.contains(">1 w</text>"))
    #expect(page.contains("2 of 4 layers attend to their last 40 positions"))
    #expect(page.contains("together they are \(AxisText.grouped(contents.inspection.size.fileBytes)) bytes"))
  }

  @Test func losslessPagesSayThatNothingIsLost() throws {
    var contents = try sample.contents(ReportSample.cache(), .lossless)
    contents.predictions = nil
    contents.rates = nil
    let page = ReportPage(contents, arguments: []).html
    for text in [
      "Every error is 0", "is the full cache's, bit for bit", "no difference", "No bench result was given",
      "No continuation was given",
    ] { #expect(page.contains(text), "\(text)") }
  }

  /// Caches at the edge of what there may be: one token, one layer, no name, errors without bounds.
  @Test func smallCaches() throws {
    for tokens in [1, 2, 3] {
      var cache = ReportSample.cache().positions(90 - tokens..<90)
      cache.description.model.name = ""
      let page = try sample.page(cache, .lossless)
      #expect(MarkupCheck.fault(in: page) == nil && page.contains("<h1>unnamed</h1>"))
    }
    var contents = try sample.contents(ReportSample.cache(layers: 1), .lossless)
    contents.comparison.attention.layers[0] = [.infinity, 0, .nan, 1e-300, 1, 1e300]
    contents.comparison.keyErrors = [.infinity]
    contents.depth.keys = contents.depth.keys.map { _ in nil }
    let page = ReportPage(contents, arguments: []).html
    #expect(MarkupCheck.fault(in: page) == nil && !page.contains("inf\"") && !page.contains("nan\""))
    contents.spectra = []
    #expect(ReportPage(contents, arguments: []).html.contains("No layer has two tokens that differ"))
  }

  @Test func theSameContentsGiveTheSameBytes() throws {
    let contents = try sample.contents(ReportSample.cache(), ReportSample.methods[1].method)
    #expect(ReportPage(contents, arguments: []).html == ReportPage(contents, arguments: []).html)
  }
}
