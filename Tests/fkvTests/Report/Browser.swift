import Foundation
import TestSupport

/// Chromium without a window, where there is one (`make test` installs it): loads pages and says what became of them.
enum Browser {
  static let path: String? = {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    let names = ["chromium", "chromium-browser", "google-chrome"]
    return names.flatMap { name in folders.map { "\($0)/\(name)" } }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }()

  /// What a page is like at one width.
  struct Layout: Decodable {
    /// The width that the page was given, and the width that it takes, with all details closed and open.
    var given: Int
    var taken: Int
    var takenOpen: Int
    /// Ids of sections, in order.
    var sections: [String]
    /// Names of elements that can load or run something.
    var active: [String]
    /// Texts of plots that reach beyond their plot.
    var clipped: [String]
    /// Ids that more than one element has.
    var repeated: [String]
    /// Addresses that were loaded.
    var loaded: [String]
    var title: String
    var background: String
    /// Whether a rule of the style sheet's end is in force.
    var isStyled: Bool
  }

  /// Loads a page at each width; also what the browser had to say: errors of scripts, policies, files.
  static func load(_ page: String, widths: [Int], isDark: Bool = false) throws -> (layouts: [Layout], console: [String])
  {
    let scratch = ScratchFolder()
    try Data(frame(page, widths: widths).utf8).write(to: URL(fileURLWithPath: scratch.file("frame.html")))
    for name in ["out", "err"] { try Data().write(to: URL(fileURLWithPath: scratch.file(name))) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path!)
    process.arguments = [
      "--headless", "--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars", "--disable-gpu",
      "--disable-extensions", "--no-first-run",
      "--enable-logging=stderr",
      "--user-data-dir=\(scratch.file("profile"))", "--blink-settings=preferredColorScheme=\(isDark ? 0 : 1)",
      "--virtual-time-budget=5000", "--dump-dom", "file://\(scratch.file("frame.html"))",
    ]
    process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: scratch.file("out")))
    process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: scratch.file("err")))
    try process.run()
    process.waitUntilExit()
    let dom = try String(contentsOfFile: scratch.file("out"), encoding: .utf8)
    let errors = try String(contentsOfFile: scratch.file("err"), encoding: .utf8)
    guard let start = dom.range(of: "<pre id=\"found\">"),
      let end = dom.range(of: "</pre>", range: start.upperBound..<dom.endIndex)
    else { throw Failure(dom: String(dom.prefix(400)), errors: String(errors.suffix(400))) }
    let json = dom[start.upperBound..<end.lowerBound]
      .replacing("&lt;", with: "<").replacing("&gt;", with: ">").replacing("&amp;", with: "&")
    return (
      try JSONDecoder().decode([Layout].self, from: Data(json.utf8)),
      errors.split(separator: "\n").filter { $0.contains("CONSOLE") }.map(String.init)
    )
  }

  struct Failure: Error {
    var dom: String
    var errors: String
  }

  /// A page with the tested one in frames of the widths, and a script that measures it from outside: the tested page
  /// stays as it is, with its policy.
  private static func frame(_ page: String, widths: [Int]) -> String {
    let source = page.replacing("&", with: "&amp;").replacing("\"", with: "&quot;")
    let frames = widths.map { #"<iframe width="\#($0)" height="800" style="border:0" srcdoc="\#(source)"></iframe>"# }
    return """
      <!DOCTYPE html><meta charset="utf-8"><body>\(frames.joined())<pre id="found"></pre>
      <script>
      function measure(frame) {
        const view = frame.contentWindow, page = frame.contentDocument, root = page.documentElement
        const all = selector => Array.from(page.querySelectorAll(selector))
        const taken = root.scrollWidth
        for (const closed of all("details")) closed.open = true
        const clipped = all("svg text").filter(text => {
          const box = text.getBoundingClientRect(), plot = text.closest("svg").getBoundingClientRect()
          return box.left < plot.left - 1 || box.right > plot.right + 1 || box.top < plot.top - 1 || box.bottom > plot.bottom + 1
        })
        return {
          given: Number(frame.width), taken, takenOpen: root.scrollWidth,
          sections: all("main > section").map(section => section.id),
          active: all("script, img, iframe, object, embed, link, form, [onerror], [onload], [src]").map(e => e.localName),
          clipped: clipped.map(text => text.textContent),
          repeated: all("[id]").map(e => e.id).filter((id, place, ids) => ids.indexOf(id) != place),
          loaded: view.performance.getEntriesByType("resource").map(entry => entry.name),
          title: page.title, background: view.getComputedStyle(root).backgroundColor,
          isStyled: all(".h8").every(cell => view.getComputedStyle(cell).fill != "rgb(0, 0, 0)")
        }
      }
      onload = () => {
        document.getElementById("found").textContent =
          JSON.stringify(Array.from(document.querySelectorAll("iframe"), measure))
      }
      </script>
      """
  }
}
