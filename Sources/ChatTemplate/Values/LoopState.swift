/// What `loop` is in a loop's body: where the loop stands.
final class LoopState: Owned {
  private var elements: [Value]
  var index = 0
  init(_ elements: [Value]) { self.elements = elements }

  func attribute(_ name: String) -> Value {
    switch name {
    case "index": .integer(index + 1)
    case "index0": .integer(index)
    case "first": .bool(index == 0)
    case "last": .bool(index == elements.count - 1)
    case "length": .integer(elements.count)
    case "revindex": .integer(elements.count - index)
    case "revindex0": .integer(elements.count - index - 1)
    case "previtem": index > 0 ? elements[index - 1] : .undefined("there is no previous item")
    case "nextitem": index + 1 < elements.count ? elements[index + 1] : .undefined("there is no next item")
    case "cycle": .method(.integer(index), "cycle")
    case "depth": .integer(1)
    case "depth0": .integer(0)
    case "changed": .method(.integer(index), "changed")
    default: .undefined("'loop' has no '\(name)'")
    }
  }

  func release() { elements = [] }
}
