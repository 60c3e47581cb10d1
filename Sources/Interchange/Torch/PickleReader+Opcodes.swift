extension PickleReader {
  /// Runs one opcode other than STOP; names are those of Python's pickletools.
  mutating func run(_ opcode: UInt8) throws {
    switch opcode {
    case 0x80:  // PROTO
      let version = try byte()
      guard 2...5 ~= version else { throw failure("protocol 2 to 5", "\(version)") }
    case 0x95: _ = try natural(8)  // FRAME
    case UInt8(ascii: "N"): stack.append(.none)  // NONE
    case 0x88: stack.append(.bool(true))  // NEWTRUE
    case 0x89: stack.append(.bool(false))  // NEWFALSE
    case UInt8(ascii: "K"): stack.append(.integer(try natural(1)))  // BININT1
    case UInt8(ascii: "M"): stack.append(.integer(try natural(2)))  // BININT2
    case UInt8(ascii: "J"): stack.append(.integer(try signed(4)))  // BININT
    case 0x8A:  // LONG1
      let count = try natural(1)
      if count <= 8 {
        stack.append(.integer(try signed(count)))
      } else {
        // An integer that no cache needs.
        _ = try take(count)
        push(.inert)
      }
    case UInt8(ascii: "G"):  // BINFLOAT, big-endian
      stack.append(.float(Double(bitPattern: try take(8).reduce(0) { $0 << 8 | UInt64($1) })))
    case UInt8(ascii: "X"): try pushText(lengthBytes: 4)  // BINUNICODE
    case 0x8C: try pushText(lengthBytes: 1)  // SHORT_BINUNICODE
    case 0x8D: try pushText(lengthBytes: 8)  // BINUNICODE8
    case UInt8(ascii: "("): marks.append(stack.count)  // MARK
    case UInt8(ascii: "0"):  // POP, which takes a mark as well
      if stack.count == marks.last { marks.removeLast() } else { _ = try pop() }
    case UInt8(ascii: "1"): _ = try popToMark()  // POP_MARK
    case UInt8(ascii: "2"):  // DUP
      let value = try pop()
      stack += [value, value]
    default: try runContainer(opcode)
    }
  }

  private mutating func runContainer(_ opcode: UInt8) throws {
    switch opcode {
    case UInt8(ascii: ")"): push(.tuple([]))  // EMPTY_TUPLE
    case 0x85, 0x86, 0x87:  // TUPLE1, TUPLE2, TUPLE3
      var elements: [PickleValue] = []
      for _ in 0..<Int(opcode) - 0x84 { elements.append(try pop()) }
      push(.tuple(elements.reversed()))
    case UInt8(ascii: "t"): push(.tuple(try popToMark()))  // TUPLE
    case UInt8(ascii: "]"): push(.list([]))  // EMPTY_LIST
    case UInt8(ascii: "a"): try append([try pop()])  // APPEND
    case UInt8(ascii: "e"): try append(try popToMark())  // APPENDS
    case UInt8(ascii: "}"): push(.dictionary([]))  // EMPTY_DICT
    case UInt8(ascii: "s"):  // SETITEM
      let value = try pop()
      try setItems([try pop(), value])
    case UInt8(ascii: "u"): try setItems(try popToMark())  // SETITEMS
    case UInt8(ascii: "q"): try put(try natural(1))  // BINPUT
    case UInt8(ascii: "r"): try put(try natural(4))  // LONG_BINPUT
    case 0x94: try put(memo.count)  // MEMOIZE
    case UInt8(ascii: "h"): try get(try natural(1))  // BINGET
    case UInt8(ascii: "j"): try get(try natural(4))  // LONG_BINGET
    case UInt8(ascii: "c"): name(try line(), try line())  // GLOBAL
    case 0x93:  // STACK_GLOBAL
      let (name, module) = (try pop(), try pop())
      guard case .text(let name) = name, case .text(let module) = module else {
        throw failure("the texts of a name", "other values")
      }
      self.name(module, name)
    case UInt8(ascii: "R"), 0x81:  // REDUCE, NEWOBJ
      let (arguments, callee) = (try pop(), try pop())
      try call(callee, arguments, isNew: opcode == 0x81)
    case 0x92:  // NEWOBJ_EX
      _ = try pop()
      let (arguments, callee) = (try pop(), try pop())
      try call(callee, arguments, isNew: true)
    case UInt8(ascii: "b"): try build(try pop())  // BUILD
    case UInt8(ascii: "C"): try pushBytes(lengthBytes: 1)  // SHORT_BINBYTES
    case UInt8(ascii: "B"): try pushBytes(lengthBytes: 4)  // BINBYTES
    case 0x8E, 0x96: try pushBytes(lengthBytes: 8)  // BINBYTES8, BYTEARRAY8
    case 0x8F: push(.inert)  // EMPTY_SET
    case 0x90:  // ADDITEMS
      _ = try popToMark()
      guard case .inert = nodes[try top()] else { throw failure("a set", "something else") }
    case 0x91:  // FROZENSET
      _ = try popToMark()
      push(.inert)
    case UInt8(ascii: "Q"): try storage(try pop())  // BINPERSID
    default:
      throw ForeignError.unsupported(
        path: path, what: "the opcode at byte \(offset - 1) of data.pkl", found: "0x" + String(opcode, radix: 16))
    }
  }

  private mutating func pushText(lengthBytes: Int) throws {
    let count = try natural(lengthBytes)
    stack.append(.text(try text(count)))
  }

  /// Bytes are of no use for a cache and are passed over.
  private mutating func pushBytes(lengthBytes: Int) throws {
    _ = try take(try natural(lengthBytes))
    push(.inert)
  }

  private mutating func put(_ key: Int) throws {
    guard stack.count > marks.last ?? 0, let value = stack.last else { throw failure("a value to keep", "none") }
    memo[key] = value
  }

  private mutating func get(_ key: Int) throws {
    guard let value = memo[key] else { throw failure("a kept value", "none under \(key)") }
    stack.append(value)
  }

  private mutating func append(_ values: [PickleValue]) throws {
    let index = try top()
    switch nodes[index] {
    case .list(var elements):
      // Taken out meanwhile, so that it is not copied.
      nodes[index] = .inert
      elements += values
      nodes[index] = .list(elements)
    case .foreign: break
    default: throw failure("a list", "something else")
    }
  }

  private mutating func setItems(_ values: [PickleValue]) throws {
    let index = try top()
    guard values.count % 2 == 0 else { throw failure("a dictionary and pairs", "something else") }
    let added = stride(from: 0, to: values.count, by: 2).map { (key: values[$0], value: values[$0 + 1]) }
    switch nodes[index] {
    case .dictionary(var pairs):
      nodes[index] = .inert
      pairs += added
      nodes[index] = .dictionary(pairs)
    case .foreign(let name, var members):
      nodes[index] = .inert
      members += added
      nodes[index] = .foreign(name: name, members: members)
    default: throw failure("a dictionary and pairs", "something else")
    }
  }

  private mutating func name(_ module: String, _ name: String) {
    stack.append(.global("\(module) \(name)"))
  }
}
