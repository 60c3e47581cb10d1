/// A value of Jinja, which is one of Python.
indirect enum Value {
  /// No value; `what` was looked for. It is written as nothing, and has neither attributes nor items.
  case undefined(String)
  case none
  case bool(Bool)
  case integer(Int)
  case float(Double)
  case string(String)
  case list([Value])
  case tuple([Value])
  case dictionary(ValueMap)
  case namespace(Namespace)
  case macro(BoundMacro)
  case loop(LoopState)
  /// A function of the template language, by its name.
  case function(String)
  /// A method of a value, by its name.
  case method(Value, String)

  /// Its Python type's name, for messages.
  var typeName: String {
    switch self {
    case .undefined: "undefined"
    case .none: "none"
    case .bool: "bool"
    case .integer: "int"
    case .float: "float"
    case .string: "str"
    case .list: "list"
    case .tuple: "tuple"
    case .dictionary: "dict"
    case .namespace: "namespace"
    case .macro: "macro"
    case .loop: "loop"
    case .function, .method: "function"
    }
  }

  /// Python's truth of it.
  var isTrue: Bool {
    switch self {
    case .undefined, .none: false
    case .bool(let value): value
    case .integer(let value): value != 0
    case .float(let value): value != 0
    case .string(let value): !value.isEmpty
    case .list(let values), .tuple(let values): !values.isEmpty
    case .dictionary(let map): !map.entries.isEmpty
    case .namespace, .macro, .loop, .function, .method: true
    }
  }

  /// As a number, if it is one or a truth value.
  var number: Double? {
    switch self {
    case .bool(let value): value ? 1 : 0
    case .integer(let value): Double(value)
    case .float(let value): value
    default: nil
    }
  }

  /// As a whole number, if it is one or a truth value.
  var integer: Int? {
    switch self {
    case .bool(let value): value ? 1 : 0
    case .integer(let value): value
    default: nil
    }
  }

  /// What a loop over it yields; nil if there is no loop over it.
  var elements: [Value]? {
    switch self {
    case .undefined: []
    case .string(let text): text.unicodeScalars.map { .string(String($0)) }
    case .list(let values), .tuple(let values): values
    case .dictionary(let map): map.entries.map(\.key)
    default: nil
    }
  }
}

/// A Python dictionary: entries in the order in which their keys came.
struct ValueMap {
  private(set) var entries: [(key: Value, value: Value)] = []

  init(_ entries: [(key: Value, value: Value)] = []) {
    for (key, value) in entries { self[key] = value }
  }

  subscript(key: Value) -> Value? {
    get { entries.first { $0.key.equals(key) }?.value }
    set {
      let place = entries.firstIndex { $0.key.equals(key) }
      switch (place, newValue) {
      case (let place?, let value?): entries[place].value = value
      case (nil, let value?): entries.append((key, value))
      default: break
      }
    }
  }
}

/// An object whose attributes a template may set.
final class Namespace: Owned {
  var attributes: [String: Value]
  init(_ attributes: [String: Value]) { self.attributes = attributes }

  func release() { attributes = [:] }
}

/// A macro and the scope that it was defined in.
final class BoundMacro {
  let macro: Macro
  let scope: Scope
  init(_ macro: Macro, scope: Scope) {
    self.macro = macro
    self.scope = scope
  }
}

/// The names that a part of a template sees: its own, then those of the scope around it.
final class Scope: Owned {
  private var values: [String: Value] = [:]
  private let outer: Scope?
  init(in outer: Scope? = nil) { self.outer = outer }

  subscript(name: String) -> Value? {
    get {
      var scope: Scope? = self
      while let current = scope {
        if let value = current.values[name] { return value }
        scope = current.outer
      }
      return nil
    }
    set { values[name] = newValue }
  }

  func release() { values = [:] }
}

/// Values stay in the rendering that made them. Said here, for the compiler's own search for it goes in a circle through
/// both types.
@available(*, unavailable) extension Value: Sendable {}
@available(*, unavailable) extension ValueMap: Sendable {}
