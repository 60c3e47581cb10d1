import FileIO

/// Prints results: on standard output, at once. It takes the place of Swift's `print`, which keeps silent about a full disk.
///
/// - Throws: `FileError` about standard output, with EPIPE for a reader that went away.
func print(_ text: String, terminator: String = "\n") throws { try StandardStream.output.write(text + terminator) }
