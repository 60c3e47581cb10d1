// What the kernels share. The sources are compiled at run time as one text: common.cu, rows.cu, fourier.cu, middle.cu,
// close.cu. The host defines
//   G  query heads a KV head        D  head dimension         N  frequencies
//   Q  grid points                  R  tokens a grid point    ROW  Q's row with the points around it
//   Q1, Q2  factors of Q            SPECTRAL  most spectral features of a head, a multiple of 4
//   EXACT  most exact features of a head                      TILES  tiles of 512 tokens a block (middle)
//   M1  grid points a block's columns (expand)
// Numbers are stored in half precision and summed in single precision.

typedef unsigned short u16;
#define TAPS 8
#define REACH 3
#define TILE 512
#define ALL 0xffffffffu
#define EMPTY (-__int_as_float(0x7f800000))

// One number for each query head of a KV head.
struct alignas(G % 4 == 0 ? 16 : G % 2 == 0 ? 8 : 4) Row {
  float of[G];
};

__device__ __forceinline__ Row zero() {
  Row row;
#pragma unroll
  for (int g = 0; g < G; g++) row.of[g] = 0;
  return row;
}

// total += factor · row
__device__ __forceinline__ void add(Row &total, float factor, const Row &row) {
#pragma unroll
  for (int g = 0; g < G; g++) total.of[g] += factor * row.of[g];
}

__device__ __forceinline__ float wide(unsigned bits) {
  float value;
  asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"((u16)bits));
  return value;
}

__device__ __forceinline__ void wide2(unsigned bits, float *target) {
  target[0] = wide(bits & 0xffff);
  target[1] = wide(bits >> 16);
}

// Four numbers, 8 bytes.
__device__ __forceinline__ void wide4(const u16 *source, float *target) {
  const uint2 raw = __ldg((const uint2 *)source);
  wide2(raw.x, target);
  wide2(raw.y, target + 2);
}

__device__ __forceinline__ float warpSum(float value) {
#pragma unroll
  for (int step = 16; step > 0; step /= 2) value += __shfl_xor_sync(ALL, value, step);
  return value;
}

__device__ __forceinline__ float warpMaximum(float value) {
#pragma unroll
  for (int step = 16; step > 0; step /= 2) value = fmaxf(value, __shfl_xor_sync(ALL, value, step));
  return value;
}

// Sums over groups of LANES neighbouring lanes of 32 numbers a lane; the l-th lane of a group is left with those from
// l·32/LANES on, in values[0 …].
template <int LANES, int HALF = 16>
__device__ __forceinline__ void scatterSums(float (&values)[32]) {
  if constexpr (LANES > 1) {
    const bool upper = threadIdx.x & (LANES / 2);
#pragma unroll
    for (int i = 0; i < HALF; i++) {
      const float own = upper ? values[i + HALF] : values[i], other = upper ? values[i] : values[i + HALF];
      values[i] = own + __shfl_xor_sync(ALL, other, LANES / 2);
    }
    scatterSums<LANES / 2, HALF / 2>(values);
  }
}

// Asks for memory ahead of its use; a multiple of 16 bytes. Older GPUs go without.
__device__ __forceinline__ void fetchAhead(const void *memory, int bytes) {
#if __CUDA_ARCH__ >= 900
  if (bytes > 0) asm volatile("cp.async.bulk.prefetch.L2.global [%0], %1;" ::"l"(memory), "r"(bytes) : "memory");
#endif
}
