import TestSupport

/// The example of §A line by line: offset, bytes, and which field they are with what value.
struct AnnotatedHex {
  private var listing: HexListing

  var lines: [String] { listing.lines }

  /// Takes apart a file of one section and a header of two fields.
  init(_ bytes: [UInt8]) {
    listing = HexListing(bytes)
    listing.prologue()
    for (name, payload) in [("section (§4.1)", 4), ("header section (§4.1)", 0)] {
      listing.title(name)
      listing.field("sync", 4)
      listing.description()
      listing.field("payload", payload)
    }
    for _ in 0..<2 {
      listing.number("tag", 2)
      listing.number("flags", 2)
      listing.number("bytes", 4)
      listing.field("payload of the field", Int(bytes[listing.position - 4]))
    }
    for row in ["of the section", "of the header"] { listing.directoryRow(row) }
    precondition(listing.position == bytes.count, "the example has other parts")
  }
}
