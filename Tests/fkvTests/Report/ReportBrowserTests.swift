import CacheCodec
import Foundation
import Testing

@testable import fkv

/// The page as a browser sees it, on a phone and on a desk.
@Suite(.serialized, .enabled(if: Browser.path != nil, "no Chromium; make test installs it"))
struct ReportBrowserTests {
  private let sample = ReportSample()

  @Test(arguments: ReportSample.methods.indices) func pagesFit(index: Int) throws {
    let page = try sample.page(ReportSample.cache(), ReportSample.methods[index].method)
    let (layouts, console) = try Browser.load(page, widths: [390, 1280])
    #expect(console == [])
    #expect(layouts.map(\.given) == [390, 1280])
    for layout in layouts {
      #expect(layout.taken == layout.given && layout.takenOpen == layout.given)
      #expect(layout.sections == ReportSample.names)
      #expect(layout.active == [] && layout.loaded == [] && layout.clipped == [])
      #expect(layout.repeated == [])
      #expect(layout.title.hasPrefix("KV cache report: </title><script>"))
      #expect(layout.background == "rgb(255, 255, 255)" && layout.isStyled)
    }
  }

  /// Many layers and heads scroll in a box of their own; colours follow the reader's scheme.
  @Test func manyHeadsInTheDark() throws {
    let page = try sample.page(ReportSample.cache(heads: 8, group: 8, layers: 42), ReportSample.methods[2].method)
    let (layouts, console) = try Browser.load(page, widths: [390, 1280], isDark: true)
    #expect(console == [])
    for layout in layouts {
      #expect(layout.takenOpen == layout.given && layout.clipped == [] && layout.active == [])
      #expect(layout.background == "rgb(22, 24, 28)" && layout.isStyled)
    }
  }

  /// What these tests look for is found where it is.
  @Test func theBrowserSeesWhatIsWrong() throws {
    let bad = """
      <!DOCTYPE html><html><head><meta http-equiv="Content-Security-Policy" content="default-src 'none'"/><title>t</title>
      </head><body><main><section id="a"></section><p id="a"></p></main><svg width="20" height="20"><text x="5" y="15">far too long</text>
      </svg><img src="http://127.0.0.1:9/x.png"/><pre>\(String(repeating: "wide", count: 200))</pre></body></html>
      """
    let (layouts, console) = try Browser.load(bad, widths: [390])
    let layout = try #require(layouts.first)
    #expect(layout.taken > layout.given && layout.clipped == ["far too long"] && layout.active == ["img"])
    #expect(layout.repeated == ["a"])
    #expect(layout.sections == ["a"] && console.contains { $0.contains("Content Security Policy") })
  }
}
