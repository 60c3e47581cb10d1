#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// The date that a template writes.
public protocol ChatClock: Sendable {
  /// The present time in a format of C's `strftime`.
  func text(format: String) -> String
}

/// The machine's clock, in its time zone.
public struct SystemChatClock: ChatClock {
  public init() {}

  public func text(format: String) -> String {
    var seconds = time(nil)
    var parts = tm()
    guard !format.isEmpty, localtime_r(&seconds, &parts) != nil else { return "" }
    var buffer = [CChar](repeating: 0, count: 256 + 32 * min(format.utf8.count, 1024))
    let length = strftime(&buffer, buffer.count, format, &parts)
    return String(decoding: buffer.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
