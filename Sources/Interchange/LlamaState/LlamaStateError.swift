import KVCacheModel

/// Why a llama.cpp state file was not taken, or a cache could not be written as one.
public enum LlamaStateError: Error, Equatable, Sendable {
  /// The file begins with neither of the two magics.
  case notStateFile(path: String)
  /// A file or buffer of the other container than the one that was asked for, which the format `name` reads.
  case otherContainer(path: String, found: String, name: String)
  /// The container version is none that this reader knows.
  case unsupportedVersion(path: String, container: String, found: UInt32)
  /// A version that is not written.
  case unwritableVersion(path: String, wanted: UInt32, written: ClosedRange<UInt32>)
  /// The file ends within `what`, which begins at `offset` and takes `wanted` bytes or more.
  case truncated(path: String, what: String, offset: Int, wanted: UInt64, fileBytes: Int)
  /// Bytes are left after everything that the file declares.
  case trailingBytes(path: String, offset: Int, fileBytes: Int)
  /// A field holds what it cannot hold.
  case invalidField(path: String, what: String, offset: Int, found: UInt64)
  /// The file holds several sequences, of which one must be chosen; the first of them are named.
  case severalSequences(path: String, sequences: [Int32])
  /// The file does not hold the sequence that is wanted.
  case noSuchSequence(path: String, wanted: Int32, sequences: [Int32])
  /// One sequence's cells lie in several streams.
  case splitSequence(path: String, sequence: Int32)
  /// No cell of the file holds anything.
  case empty(path: String)
  /// The header's tokens begin as a server's packed list and are none.
  case invalidTokens(path: String)
  /// Keys or values of a ggml type that this reader cannot hand out.
  case unsupportedType(path: String, layer: Int, kind: CacheKind, code: Int32)
  /// The file's layers do not have the shape that the description expects.
  case layerMismatch(path: String, layer: Int, what: String, expected: Int, found: Int)
  /// The file lacks a cell for a position that a layer should hold.
  case missingPosition(path: String, layer: Int, position: Int)
  /// Cells that llama.cpp does not have, or that are not written.
  case unsuitableCells(layer: Int, kind: CacheKind, type: LlamaCellType, headDim: Int, isTransposed: Bool)
  /// A cache whose layers of one memory hold different positions, which the format cannot say.
  case unevenLayers(layer: Int)
}

extension LlamaStateError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .notStateFile(let path): "\(path): not a llama.cpp state file"
    case .otherContainer(let path, let found, let name): "\(path): a llama.cpp \(found), which --from \(name) reads"
    case .unsupportedVersion(let path, let container, let found):
      "\(path): llama.cpp \(container) file of version \(found), which this reader does not know"
    case .unwritableVersion(let path, let wanted, let written):
      "\(path): version \(wanted) is not written; --state-version takes \(written.lowerBound) to \(written.upperBound)"
    case .truncated(let path, let what, let offset, let wanted, let fileBytes):
      "\(path): truncated: \(what) at offset \(offset) takes \(wanted) bytes, but the file has \(fileBytes)"
    case .trailingBytes(let path, let offset, let fileBytes):
      "\(path): the state ends at offset \(offset), but the file has \(fileBytes) bytes"
    case .invalidField(let path, let what, let offset, let found):
      "\(path): \(what) at offset \(offset) is \(found)"
    case .severalSequences(let path, let sequences):
      "\(path): holds sequences \(Self.list(sequences)); choose one with --sequence"
    case .noSuchSequence(let path, let wanted, let sequences):
      "\(path): holds no sequence \(wanted), but \(Self.list(sequences))"
    case .splitSequence(let path, let sequence): "\(path): sequence \(sequence) lies in several streams"
    case .empty(let path): "\(path): the state holds no tokens"
    case .invalidTokens(let path): "\(path): the token list is a server's packed list, but broken"
    case .unsupportedType(let path, let layer, let kind, let code):
      "\(path): \(kind.name)s of layer \(layer) have ggml type \(code), which is not supported"
    case .layerMismatch(let path, let layer, let what, let expected, let found):
      "\(path): layer \(layer): expected \(what) \(expected), found \(found)"
    case .missingPosition(let path, let layer, let position):
      "\(path): layer \(layer) has no cell for position \(position)"
    case .unsuitableCells(let layer, let kind, let type, let headDim, let isTransposed):
      !type.canEncode
        ? "cells of type \(type.name) are read and not written"
        : isTransposed
          ? "transposed \(kind.name)s cannot be \(type.name)"
          : "\(kind.name)s of layer \(layer) have \(headDim) dimensions, which \(type.name) has no whole blocks for"
    case .unevenLayers(let layer):
      "layer \(layer) holds other positions than the layers before it, which a llama.cpp state cannot say"
    }
  }

  private static func list(_ sequences: [Int32]) -> String { sequences.map(String.init).joined(separator: ", ") }
}
