/// The CUDA driver, its first device and one stream, loaded when they are needed.
///
/// One thread at a time may use it.
public final class CUDADriver {
  private let library: DynamicLibrary
  private var stream: UnsafeMutableRawPointer?
  /// The device's name, as `NVIDIA H100 80GB HBM3`.
  public let deviceName: String
  /// Its compute capability, as 90.
  public let capability: Int
  /// Its multiprocessors.
  let multiprocessors: Int

  typealias Handle = UnsafeMutableRawPointer
  typealias Address = UInt64

  static func check(_ call: String, _ code: Int32) throws {
    guard code == 0 else { throw CUDAError.failed(call: call, code: code) }
  }

  /// - Throws: `CUDAError` where there is no driver or no device.
  public init() throws {
    library = try DynamicLibrary(["libcuda.so.1", "libcuda.so"])
    typealias Attribute = @convention(c) (UnsafeMutablePointer<Int32>, Int32, Int32) -> Int32
    let start: @convention(c) (UInt32) -> Int32 = try library.function("cuInit")
    let get: @convention(c) (UnsafeMutablePointer<Int32>, Int32) -> Int32 = try library.function("cuDeviceGet")
    let named: @convention(c) (UnsafeMutablePointer<CChar>, Int32, Int32) -> Int32 = try library.function(
      "cuDeviceGetName")
    let attribute: Attribute = try library.function("cuDeviceGetAttribute")
    let retain: @convention(c) (UnsafeMutablePointer<Handle?>, Int32) -> Int32 = try library.function(
      "cuDevicePrimaryCtxRetain")
    let current: @convention(c) (Handle?) -> Int32 = try library.function("cuCtxSetCurrent")
    let makeStream: @convention(c) (UnsafeMutablePointer<Handle?>, UInt32) -> Int32 = try library.function(
      "cuStreamCreate")
    var device: Int32 = 0
    var (major, minor, processors): (Int32, Int32, Int32) = (0, 0, 0)
    var name = [CChar](repeating: 0, count: 256)
    var context: Handle?
    try Self.check("cuInit", start(0))
    try Self.check("cuDeviceGet", get(&device, 0))
    try Self.check("cuDeviceGetName", named(&name, 256, device))
    try Self.check("cuDeviceGetAttribute", attribute(&major, 75, device))
    try Self.check("cuDeviceGetAttribute", attribute(&minor, 76, device))
    try Self.check("cuDeviceGetAttribute", attribute(&processors, 16, device))
    try Self.check("cuDevicePrimaryCtxRetain", retain(&context, device))
    try Self.check("cuCtxSetCurrent", current(context))
    try Self.check("cuStreamCreate", makeStream(&stream, 1))
    deviceName = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    capability = Int(10 * major + minor)
    multiprocessors = Int(processors)
  }

  /// The functions of compiled kernels.
  struct Module {
    fileprivate let handle: Handle
  }

  func load(_ ptx: [CChar]) throws -> Module {
    let load: @convention(c) (UnsafeMutablePointer<Handle?>, UnsafeRawPointer) -> Int32 = try library.function(
      "cuModuleLoadData")
    var module: Handle?
    try ptx.withUnsafeBytes { try Self.check("cuModuleLoadData", load(&module, $0.baseAddress!)) }
    return Module(handle: module!)
  }

  func kernel(_ name: String, of module: Module) throws -> Handle {
    let find: @convention(c) (UnsafeMutablePointer<Handle?>, Handle, UnsafePointer<CChar>) -> Int32 =
      try library.function("cuModuleGetFunction")
    var function: Handle?
    try Self.check("cuModuleGetFunction(\(name))", find(&function, module.handle, name))
    return function!
  }

  /// Memory of the device, zeroed; it is kept until the process ends or `free`.
  func allocate(_ byteCount: Int) throws -> Address {
    let allocate: @convention(c) (UnsafeMutablePointer<Address>, Int) -> Int32 = try library.function("cuMemAlloc_v2")
    let fill: @convention(c) (Address, UInt8, Int) -> Int32 = try library.function("cuMemsetD8_v2")
    var address: Address = 0
    try Self.check("cuMemAlloc", allocate(&address, max(byteCount, 16)))
    try Self.check("cuMemsetD8", fill(address, 0, max(byteCount, 16)))
    return address
  }

  func free(_ address: Address) {
    guard let free: @convention(c) (Address) -> Int32 = try? library.function("cuMemFree_v2") else { return }
    _ = free(address)
  }

  /// Device memory that holds `numbers`.
  func upload<Number>(_ numbers: [Number]) throws -> Address {
    let address = try allocate(numbers.count * MemoryLayout<Number>.stride)
    try write(numbers, to: address)
    return address
  }

  func write<Number>(_ numbers: [Number], to address: Address) throws {
    let copy: @convention(c) (Address, UnsafeRawPointer, Int) -> Int32 = try library.function("cuMemcpyHtoD_v2")
    guard !numbers.isEmpty else { return }
    try numbers.withUnsafeBytes { try Self.check("cuMemcpyHtoD", copy(address, $0.baseAddress!, $0.count)) }
  }

  func read(_ address: Address, count: Int) throws -> [Float] {
    let copy: @convention(c) (UnsafeMutableRawPointer, Address, Int) -> Int32 = try library.function("cuMemcpyDtoH_v2")
    try synchronize()
    var numbers = [Float](repeating: 0, count: count)
    guard count > 0 else { return [] }
    try numbers.withUnsafeMutableBytes { try Self.check("cuMemcpyDtoH", copy($0.baseAddress!, address, $0.count)) }
    return numbers
  }

  /// An argument of a kernel.
  enum Argument {
    case address(Address)
    case integer(Int)
    case long(Int)
  }

  /// Puts a kernel into the stream.
  func launch(
    _ kernel: Handle, name: String, blocks: (Int, Int), threads: Int, sharedBytes: Int = 0, _ arguments: [Argument]
  ) throws {
    typealias Launch =
      @convention(c) (
        Handle, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, Handle?, UnsafeMutablePointer<Handle?>, Handle?
      ) -> Int32
    let launch: Launch = try library.function("cuLaunchKernel")
    let storage = UnsafeMutablePointer<UInt64>.allocate(capacity: max(arguments.count, 1))
    defer { storage.deallocate() }
    var pointers: [Handle?] = []
    for (index, argument) in arguments.enumerated() {
      switch argument {
      case .address(let address): storage[index] = address
      case .integer(let number): storage[index] = UInt64(UInt32(bitPattern: Int32(number)))
      case .long(let number): storage[index] = UInt64(number)
      }
      pointers.append(Handle(storage + index))
    }
    try Self.check(
      "cuLaunchKernel(\(name))",
      launch(
        kernel, UInt32(blocks.0), UInt32(blocks.1), 1, UInt32(threads), 1, 1, UInt32(sharedBytes), stream, &pointers,
        nil))
  }

  /// Kernels that were recorded once and are launched together.
  struct Graph {
    fileprivate let handle: Handle
  }

  /// Records what `body` launches.
  func record(_ body: () throws -> Void) throws -> Graph {
    let begin: @convention(c) (Handle?, Int32) -> Int32 = try library.function("cuStreamBeginCapture_v2")
    let end: @convention(c) (Handle?, UnsafeMutablePointer<Handle?>) -> Int32 = try library.function(
      "cuStreamEndCapture")
    let instantiate: @convention(c) (UnsafeMutablePointer<Handle?>, Handle, UInt64) -> Int32 = try library.function(
      "cuGraphInstantiateWithFlags")
    try Self.check("cuStreamBeginCapture", begin(stream, 1))
    var (graph, ready): (Handle?, Handle?) = (nil, nil)
    let result = Result { try body() }
    let code = end(stream, &graph)
    try result.get()
    try Self.check("cuStreamEndCapture", code)
    try Self.check("cuGraphInstantiate", instantiate(&ready, graph!, 0))
    return Graph(handle: ready!)
  }

  func launch(_ graph: Graph) throws {
    let launch: @convention(c) (Handle, Handle?) -> Int32 = try library.function("cuGraphLaunch")
    try Self.check("cuGraphLaunch", launch(graph.handle, stream))
  }

  func synchronize() throws {
    let wait: @convention(c) (Handle?) -> Int32 = try library.function("cuStreamSynchronize")
    try Self.check("cuStreamSynchronize", wait(stream))
  }

  /// Seconds that the device takes for what `body` puts into the stream.
  func seconds(_ body: () throws -> Void) throws -> Double {
    let make: @convention(c) (UnsafeMutablePointer<Handle?>, UInt32) -> Int32 = try library.function("cuEventCreate")
    let record: @convention(c) (Handle, Handle?) -> Int32 = try library.function("cuEventRecord")
    let wait: @convention(c) (Handle) -> Int32 = try library.function("cuEventSynchronize")
    let elapsed: @convention(c) (UnsafeMutablePointer<Float>, Handle, Handle) -> Int32 = try library.function(
      "cuEventElapsedTime")
    let destroy: @convention(c) (Handle) -> Int32 = try library.function("cuEventDestroy_v2")
    var (start, end): (Handle?, Handle?) = (nil, nil)
    try Self.check("cuEventCreate", make(&start, 0))
    try Self.check("cuEventCreate", make(&end, 0))
    defer { for event in [start, end] { _ = destroy(event!) } }
    try Self.check("cuEventRecord", record(start!, stream))
    try body()
    try Self.check("cuEventRecord", record(end!, stream))
    try Self.check("cuEventSynchronize", wait(end!))
    var milliseconds: Float = 0
    try Self.check("cuEventElapsedTime", elapsed(&milliseconds, start!, end!))
    return Double(milliseconds) / 1000
  }
}
