/// A value of a pickle, without any code: containers and objects are numbers of `Pickle.nodes`.
enum PickleValue: Hashable {
  case none
  case bool(Bool)
  case integer(Int)
  case float(Double)
  case text(String)
  /// A class or function by name, `module name`.
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
  /// What a class or function that is not known would have made, `module name`; nothing of it was run. The members are
  /// those that the pickle gives it: attributes, or the items of a class that is a dictionary.
  case foreign(name: String, members: [(key: PickleValue, value: PickleValue)])
  /// The result of something that is of no use here: a device, a set, bytes.
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

  /// Whether a value is a tuple.
  func isTuple(_ value: PickleValue) -> Bool {
    guard case .node(let index) = value, case .tuple = nodes[index] else { return false }
    return true
  }

  /// The members of a dictionary whose names are texts, or the state of an object; nil for anything else. Of a name
  /// that occurs twice the last member counts, as in Python.
  ///
  /// Of what an unknown class made, only outputs of Transformers' models have members here: they are dictionaries whose
  /// entries say what they are.
  func members(_ value: PickleValue) -> [String: PickleValue]? {
    guard case .node(let index) = value else { return nil }
    switch nodes[index] {
    case .dictionary(let pairs): return Self.named(pairs)
    case .object(_, .node(let state)):
      guard case .dictionary = nodes[state] else { return nil }
      return members(.node(state))
    case .foreign(let name, let pairs) where Self.isOutput(name): return Self.named(pairs)
    default: return nil
    }
  }

  /// The tensor that a value is; nil for anything else.
  func tensor(_ value: PickleValue?) -> TorchTensor? {
    guard case .node(let index)? = value, case .tensor(let tensor) = nodes[index] else { return nil }
    return tensor
  }

  /// The name, `module.name`, of the unknown class or function that a value is or was made by; nil for anything else.
  func foreignName(_ value: PickleValue?) -> String? {
    switch value {
    case .node(let index)?:
      guard case .foreign(let name, _) = nodes[index] else { return nil }
      return Self.dotted(name)
    case .global(let name)?: return TorchNames.allows(name) ? nil : Self.dotted(name)
    default: return nil
    }
  }

  /// `module.name` of `module name`.
  static func dotted(_ name: String) -> String { name.split(separator: " ").joined(separator: ".") }

  private static func named(_ pairs: [(key: PickleValue, value: PickleValue)]) -> [String: PickleValue] {
    var members: [String: PickleValue] = [:]
    for case (.text(let name), let value) in pairs { members[name] = value }
    return members
  }

  /// Whether a class is that of a model's or of generate()'s output in Transformers.
  private static func isOutput(_ name: String) -> Bool {
    name.hasPrefix("transformers.") && name.split(separator: " ").last?.contains("Output") == true
  }
}
