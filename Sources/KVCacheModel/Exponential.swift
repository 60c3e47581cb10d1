#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// base to the power of exponent, from the C library: the one thing this target takes from outside.
func exponential(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
