import Commands

/// One conversion in the JSON of `fkv convert`.
struct ConvertJSON: Encodable {
  struct Loss: Encodable {
    var kind: String
    var what: String
    var count: Int?
    var of: Int?
  }

  struct Batch: Encodable {
    var conversions: [ConvertJSON]
    var failed: Int

    init(_ conversions: [ConvertJSON]) {
      self.conversions = conversions
      failed = conversions.count { $0.error != nil }
    }
  }

  var input: String
  var output: String?
  var from: String?
  var to: String?
  var geometry: CacheHeadJSON.Geometry?
  var fileBytes: Int?
  var losses: [Loss] = []
  var error: String?

  init(_ report: ConvertPipeline.Report) {
    input = report.input
    output = report.output
    from = report.from
    to = report.to
    geometry = CacheHeadJSON.Geometry(report.description)
    fileBytes = report.outputBytes
    losses = report.losses.map { Loss(kind: $0.kind, what: $0.what, count: $0.count, of: $0.total) }
  }

  init(input: String, error: String) {
    self.input = input
    self.error = error
  }
}

/// The JSON of `fkv convert --list`.
struct FormatListJSON: Encodable {
  struct Entry: Encodable {
    var name: String
    var summary: String
    var read: Bool
    var write: Bool
    var cannotCarry: [String]
  }

  var formats: [Entry]

  init(_ formats: [FormatSummary]) {
    self.formats = formats.map {
      Entry(
        name: $0.name, summary: $0.summary, read: $0.isRead, write: $0.isWritten, cannotCarry: $0.cannotCarry)
    }
  }
}
