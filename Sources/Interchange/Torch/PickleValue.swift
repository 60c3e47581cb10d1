/// A value of a pickle, without any code: containers and objects are numbers of `Pickle.nodes`.
enum PickleValue: Hashable {
  case none
  case bool(Bool)
  case integer(Int)
  case float(Double)
  case text(String)
  /// A class or function by name, `module name`, from the list of those that may occur.
  case global(String)
  case node(Int)
}

/// What a `PickleValue.node` stands for.
enum PickleNode {
  case tuple([PickleValue])
  case list([PickleValue])
  case dictionary([(key: PickleValue, value: PickleValue)])
  /// An object of a class that is known by name; its state is what `BUILD` gave it.
  case object(class: String, state: PickleValue)
  case storage(TorchStorage)
  case tensor(TorchTensor)
  /// The result of something that is of no use here: a device, a set.
  case inert
}

/// A pickle that has been read: all nodes, and the value that it stands for.
///
/// Nodes refer to each other by number and may do so in circles; whoever walks them bounds the walk.
struct Pickle {
  var nodes: [PickleNode]
  var root: PickleValue

  /// The elements of a tuple or list; nil for anything else.
  func elements(_ value: PickleValue) -> [PickleValue]? {
    guard case .node(let index) = value else { return nil }
    switch nodes[index] {
    case .tuple(let elements), .list(let elements): return elements
    default: return nil
    }
  }

  /// The members of a dictionary whose names are texts, or the state of an object; nil for anything else. Of a name
  /// that occurs twice the last member counts, as in Python.
  func members(_ value: PickleValue) -> [String: PickleValue]? {
    guard case .node(let index) = value else { return nil }
    switch nodes[index] {
    case .dictionary(let pairs):
      var members: [String: PickleValue] = [:]
      for case (.text(let name), let value) in pairs { members[name] = value }
      return members
    case .object(_, .node(let state)):
      guard case .dictionary = nodes[state] else { return nil }
      return members(.node(state))
    default: return nil
    }
  }

  /// The tensor that a value is; nil for anything else.
  func tensor(_ value: PickleValue?) -> TorchTensor? {
    guard case .node(let index)? = value, case .tensor(let tensor) = nodes[index] else { return nil }
    return tensor
  }
}
