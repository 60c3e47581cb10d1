// Attention over tokens that lie whole, row by row, as [KV head][token][WIDTH] (flash decoding): sinks and window of a
// layer, and for comparison a whole cache.

#define WIDTH ((D + 7) / 8 * 8)
#define ROW_LANES (WIDTH <= 8 ? 1 : WIDTH <= 16 ? 2 : WIDTH <= 32 ? 4 : WIDTH <= 64 ? 8 : WIDTH <= 128 ? 16 : 32)
// Rows that a warp reads at once, and how often it does so for 32 tokens; steps whose scores are summed together.
#define AT_ONCE (32 / ROW_LANES)
#define BATCH (32 / G < ROW_LANES ? 32 / G : ROW_LANES)
#define ROW_WARPS 4

// A warp's part of the tokens, 32 at a time with a running softmax; then the block's four warps are joined. Sums over
// p·value are not divided by the sum of p.
__device__ void attendRows(const u16 *keys, const u16 *values, const float *queries, int head, int part, int parts,
                           int tokens, int perWarp, float *maxima, float *sums, float *outputs) {
  __shared__ float scores[ROW_WARPS][G][32];
  __shared__ Row p[ROW_WARPS][32];
  __shared__ float joined[ROW_WARPS][G][WIDTH];
  __shared__ float state[2][ROW_WARPS][G];
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32, at = 8 * (lane % ROW_LANES), row = lane / ROW_LANES;
  const bool reads = at < WIDTH;
  const size_t base = (size_t)head * tokens * WIDTH + at;
  float q[G][8], acc[G][8], most[G], sum[G];
#pragma unroll
  for (int g = 0; g < G; g++) {
    most[g] = EMPTY, sum[g] = 0;
#pragma unroll
    for (int i = 0; i < 8; i++) {
      q[g][i] = at + i < D ? queries[(head * G + g) * D + at + i] : 0;
      acc[g][i] = 0;
    }
  }
  const int first = (part * ROW_WARPS + warp) * perWarp, end = min(first + perWarp, tokens);
  for (int start = first; start < end; start += 32) {
#pragma unroll
    for (int s0 = 0; s0 < ROW_LANES; s0 += BATCH) {
      if (start + s0 * AT_ONCE >= end) break;
      uint4 raw[BATCH];
#pragma unroll
      for (int s = 0; s < BATCH; s++) {
        const int token = start + (s0 + s) * AT_ONCE + row;
        raw[s] = reads && s0 + s < ROW_LANES && token < end ? __ldg((const uint4 *)(keys + base + (size_t)token * WIDTH))
                                                            : make_uint4(0, 0, 0, 0);
      }
      float products[32];
#pragma unroll
      for (int i = 0; i < 32; i++) products[i] = 0;
#pragma unroll
      for (int s = 0; s < BATCH; s++) {
        float x[8];
        wide2(raw[s].x, x), wide2(raw[s].y, x + 2), wide2(raw[s].z, x + 4), wide2(raw[s].w, x + 6);
#pragma unroll
        for (int g = 0; g < G; g++)
#pragma unroll
          for (int i = 0; i < 8; i++) products[s * G + g] += q[g][i] * x[i];
      }
      scatterSums<ROW_LANES>(products);
#pragma unroll
      for (int i = 0; i < 32 / ROW_LANES; i++) {
        const int own = lane % ROW_LANES * (32 / ROW_LANES) + i, s = s0 + own / G;
        if (own / G < BATCH && s < ROW_LANES) scores[warp][own % G][s * AT_ONCE + row] = products[i];
      }
    }
    __syncwarp();
#pragma unroll
    for (int g = 0; g < G; g++) {
      const float score = start + lane < end ? scores[warp][g][lane] : EMPTY;
      const float next = fmaxf(most[g], warpMaximum(score)), factor = __expf(most[g] - next);
      const float e = __expf(score - next);
      most[g] = next;
      sum[g] = sum[g] * factor + e;
      p[warp][lane].of[g] = e;
#pragma unroll
      for (int i = 0; i < 8; i++) acc[g][i] *= factor;
    }
    __syncwarp();
#pragma unroll
    for (int s0 = 0; s0 < ROW_LANES; s0 += 8) {
      if (start + s0 * AT_ONCE >= end) break;
      uint4 raw[8];
#pragma unroll
      for (int s = 0; s < 8; s++) {
        const int token = start + (s0 + s) * AT_ONCE + row;
        raw[s] = reads && s0 + s < ROW_LANES && token < end
                     ? __ldg((const uint4 *)(values + base + (size_t)token * WIDTH))
                     : make_uint4(0, 0, 0, 0);
      }
#pragma unroll
      for (int s = 0; s < 8; s++) {
        if (s0 + s >= ROW_LANES) break;
        const Row own = p[warp][(s0 + s) * AT_ONCE + row];
        float x[8];
        wide2(raw[s].x, x), wide2(raw[s].y, x + 2), wide2(raw[s].z, x + 4), wide2(raw[s].w, x + 6);
#pragma unroll
        for (int g = 0; g < G; g++)
#pragma unroll
          for (int i = 0; i < 8; i++) acc[g][i] += own.of[g] * x[i];
      }
    }
    __syncwarp();
  }
#pragma unroll
  for (int g = 0; g < G; g++) {
#pragma unroll
    for (int i = 0; i < 8; i++) {
#pragma unroll
      for (int step = ROW_LANES; step < 32; step *= 2) acc[g][i] += __shfl_xor_sync(ALL, acc[g][i], step);
      if (row == 0 && reads) joined[warp][g][at + i] = acc[g][i];
    }
    const float total = warpSum(sum[g]);
    if (lane == 0) state[0][warp][g] = most[g], state[1][warp][g] = total;
  }
  __syncthreads();
  const size_t own = ((size_t)head * parts + part) * G;
  for (int i = threadIdx.x; i < G * D; i += 32 * ROW_WARPS) {
    const int g = i / D, d = i % D;
    float largest = EMPTY, total = 0, output = 0;
#pragma unroll
    for (int w = 0; w < ROW_WARPS; w++) largest = fmaxf(largest, state[0][w][g]);
#pragma unroll
    for (int w = 0; w < ROW_WARPS; w++) {
      // A warp without tokens has nothing but zeros.
      const float factor = state[0][w][g] == EMPTY ? 0 : __expf(state[0][w][g] - largest);
      total += factor * state[1][w][g];
      output += factor * joined[w][g][d];
    }
    outputs[(own + g) * D + d] = output;
    if (d == 0) maxima[own + g] = largest, sums[own + g] = total;
  }
}

// Dense attention over a whole cache; blocks (parts, KV heads) of 128 threads.
extern "C" __global__ void __launch_bounds__(32 * ROW_WARPS, 3)
    dense(const u16 *keys, const u16 *values, const float *queries, int tokens, int perWarp, float *maxima, float *sums,
          float *outputs) {
  attendRows(keys, values, queries, blockIdx.y, blockIdx.x, gridDim.x, tokens, perWarp, maxima, sums, outputs);
}

// Joins the parts of dense attention; a block a query head, of 256 threads.
extern "C" __global__ void denseJoin(int parts, const float *maxima, const float *sums, const float *outputs,
                                     float *result) {
  extern __shared__ float factors[];
  __shared__ float joined[256];
  const int head = blockIdx.x / G, g = blockIdx.x % G, lane = threadIdx.x % 32;
  const size_t own = (size_t)head * parts * G + g;
  float most = EMPTY, total = 0;
  for (int i = lane; i < parts; i += 32) most = fmaxf(most, maxima[own + i * G]);
  most = warpMaximum(most);
  for (int i = lane; i < parts; i += 32) {
    const float factor = __expf(maxima[own + i * G] - most);
    total += factor * sums[own + i * G];
    if (threadIdx.x < 32) factors[i] = factor;
  }
  total = warpSum(total);
  __syncthreads();
  constexpr int SHARES = 256 / D < 1 ? 1 : 256 / D;
  const int share = threadIdx.x / D, d = threadIdx.x % D;
  float sum = 0;
  if (share < SHARES) {
#pragma unroll 8
    for (int i = share; i < parts; i += SHARES) sum += factors[i] * outputs[(own + (size_t)i * G) * D + d];
  }
  joined[threadIdx.x] = sum;
  __syncthreads();
  if (threadIdx.x >= D) return;
  for (int i = 1; i < SHARES; i++) sum += joined[i * D + d];
  result[(head * G + g) * D + d] = sum / total;
}

// Reads everything once, for the memory's speed.
extern "C" __global__ void streamRead(const uint4 *numbers, unsigned long long count, unsigned *result) {
  unsigned sum = 0;
  for (unsigned long long i = blockIdx.x * 256ull + threadIdx.x; i < count; i += gridDim.x * 256ull) {
    const uint4 x = __ldg(numbers + i);
    sum ^= x.x ^ x.y ^ x.z ^ x.w;
  }
  if (sum == 0x12345678u) *result = sum;
}
