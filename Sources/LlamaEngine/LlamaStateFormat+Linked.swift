import CLlama
import Interchange

extension LlamaStateFormat.Container {
  /// The version of such files that the linked llama.cpp reads and writes.
  public var linkedVersion: UInt32 {
    UInt32(self == .sequence ? LLAMA_STATE_SEQ_VERSION : LLAMA_SESSION_VERSION)
  }
}
