/// One entry of a GGUF file's tensor directory.
public struct GGUFTensor: Equatable, Sendable {
  public var name: String
  /// Elements along each dimension, innermost first; one to four of them.
  public var dimensions: [Int]
  /// ggml's code of the element type: 0 is F32, 1 is F16.
  public var typeCode: UInt32
  /// Where its data begins, from the file's start.
  public var offset: Int
  /// Bytes of its data; nil where the element type is unknown to this reader.
  public var byteCount: Int?

  /// The product of the dimensions.
  public var elementCount: Int { dimensions.reduce(1, *) }

  /// Elements and bytes of one block of each ggml type that this reader knows (ggml.c, `type_traits`).
  public static let blockSizes: [UInt32: (elements: Int, bytes: Int)] = [
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 10: (256, 84),
    11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 16: (256, 66), 17: (256, 74), 18: (256, 98),
    19: (256, 50), 20: (32, 18), 21: (256, 110), 22: (256, 82), 23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4),
    27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2), 34: (256, 54), 35: (256, 66), 39: (32, 17),
  ]
}
