#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A shared library that is looked for when it is needed, so that the program also runs where there is none.
struct DynamicLibrary: @unchecked Sendable {
  private let handle: UnsafeMutableRawPointer

  /// The first of `names` that the system finds.
  ///
  /// - Throws: `CUDAError.noLibrary` if it finds none.
  init(_ names: [String]) throws {
    for name in names {
      if let handle = dlopen(name, RTLD_NOW | RTLD_LOCAL) {
        self.handle = handle
        return
      }
    }
    throw CUDAError.noLibrary(names)
  }

  /// A function of the library, of a C function type that the caller vouches for.
  ///
  /// - Throws: `CUDAError.noFunction`.
  func function<Function>(_ name: String, as type: Function.Type = Function.self) throws -> Function {
    guard let symbol = dlsym(handle, name) else { throw CUDAError.noFunction(name) }
    return unsafeBitCast(symbol, to: type)
  }
}

/// Why a GPU cannot be used.
public enum CUDAError: Error, Equatable, Sendable, CustomStringConvertible {
  /// None of these libraries is installed.
  case noLibrary([String])
  /// A library lacks a function: it is too old.
  case noFunction(String)
  /// A call of the driver or the compiler failed.
  case failed(call: String, code: Int32)
  /// The kernels do not compile; the compiler's words.
  case compilation(String)
  /// The layer is of a shape that the kernels do not take.
  case unsuitable(String)

  public var description: String {
    switch self {
    case .noLibrary(let names): "no NVIDIA GPU can be used: none of \(names.joined(separator: ", ")) is installed"
    case .noFunction(let name): "no NVIDIA GPU can be used: the driver or NVRTC has no \(name)"
    case .failed(let call, let code): "\(call) failed with CUDA's error \(code)"
    case .compilation(let log): "the CUDA kernels do not compile: \(log)"
    case .unsuitable(let reason): "the CUDA kernels cannot take this layer: \(reason)"
    }
  }
}
