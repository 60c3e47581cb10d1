// Attention over one layer of profile fourier without rebuilding its middle, one query a head (docs/method.md,
// "Attention without reconstruction"). Compiled at run time; the host defines
//   G  query heads a KV head        D  head dimension         N  frequencies
//   Q  grid points                  R  tokens a grid point    ROW  Q's row with the points around it
//   Q1, Q2  factors of Q            SPECTRAL  most spectral features of a head, even
//   EXACT  most exact features of a head                      TPT, TILES  tokens a thread, tiles a block (middle)
// Numbers are stored in half precision and summed in single precision.

typedef unsigned short u16;
#define THREADS 256
#define WARPS 8
#define TAPS 8
#define REACH 3
#define EMPTY (-__int_as_float(0x7f800000))

__device__ __forceinline__ float wide(unsigned bits) {
  float value;
  asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"((u16)bits));
  return value;
}

// Four numbers, 8 bytes.
__device__ __forceinline__ void wide4(const u16 *source, float *target) {
  const uint2 raw = __ldg((const uint2 *)source);
  target[0] = wide(raw.x & 0xffff);
  target[1] = wide(raw.x >> 16);
  target[2] = wide(raw.y & 0xffff);
  target[3] = wide(raw.y >> 16);
}

__device__ __forceinline__ float warpSum(float value) {
  for (int step = 16; step > 0; step /= 2) value += __shfl_xor_sync(0xffffffffu, value, step);
  return value;
}

__device__ __forceinline__ float warpMaximum(float value) {
  for (int step = 16; step > 0; step /= 2) value = fmaxf(value, __shfl_xor_sync(0xffffffffu, value, step));
  return value;
}

// Coefficients of the scores: projections[head][2N] = q · coefficients[kv][2N][SPECTRAL]; a warp a row.
extern "C" __global__ void project(const u16 *coefficients, const float *queries, float *projections) {
  const int head = blockIdx.y, row = blockIdx.x * WARPS + threadIdx.x / 32, lane = threadIdx.x % 32;
  if (row >= 2 * N) return;
  const u16 *own = coefficients + ((size_t)head * 2 * N + row) * SPECTRAL;
  float sum[G];
  for (int g = 0; g < G; g++) sum[g] = 0;
  for (int f = 2 * lane; f < SPECTRAL; f += 64) {
    const unsigned raw = __ldg((const unsigned *)(own + f));
    const float x = wide(raw & 0xffff), y = wide(raw >> 16);
    for (int g = 0; g < G; g++) {
      const float *q = queries + (head * G + g) * SPECTRAL + f;
      sum[g] += x * q[0] + y * q[1];
    }
  }
  for (int g = 0; g < G; g++) {
    const float total = warpSum(sum[g]);
    if (lane == 0) projections[(head * G + g) * 2 * N + row] = total;
  }
}

// cos and sin of 2πk/Q, k < Q, into shared memory.
__device__ void turns(const float2 *table, float2 *shared) {
  for (int i = threadIdx.x; i < Q; i += THREADS) shared[i] = table[i];
}

// Grid points of the scores: y[m] = Σ_n Re((a_n − i b_n)·c_n·exp(2πi n m/Q)), m = m1 + Q1·m2, n = Q2·n1 + n2:
//   A[n2][m1] = exp(2πi n2 m1/Q) Σ_n1 X[n]·exp(2πi n1 m1/Q1),   y = Re Σ_n2 A[n2][m1]·exp(2πi n2 m2/Q2)
// A block takes one query head and a share of the m1.
extern "C" __global__ void expand(const float *projections, const float *corrections, const float2 *table, float *points) {
  __shared__ float2 turn[Q];
  __shared__ float2 x[N];
  __shared__ float2 a[Q2];
  turns(table, turn);
  const float *own = projections + (size_t)blockIdx.x * 2 * N;
  for (int n = threadIdx.x; n < N; n += THREADS)
    x[n] = make_float2(own[2 * n] * corrections[n], -own[2 * n + 1] * corrections[n]);
  __syncthreads();
  for (int m1 = blockIdx.y; m1 < Q1; m1 += gridDim.y) {
    for (int n2 = threadIdx.x; n2 < Q2; n2 += THREADS) {
      float re = 0, im = 0;
      const int step = Q2 * m1 % Q;
      int k = n2 * m1 % Q;
      for (int n = n2; n < N; n += Q2) {
        const float2 w = turn[k];
        re += x[n].x * w.x - x[n].y * w.y;
        im += x[n].x * w.y + x[n].y * w.x;
        k += step;
        if (k >= Q) k -= Q;
      }
      a[n2] = make_float2(re, im);
    }
    __syncthreads();
    for (int m2 = threadIdx.x; m2 < Q2; m2 += THREADS) {
      float y = 0;
      const int step = Q1 * m2;
      int k = 0;
      for (int n2 = 0; n2 < Q2; n2++) {
        y += a[n2].x * turn[k].x - a[n2].y * turn[k].y;
        k += step;
        if (k >= Q) k -= Q;
      }
      const int m = m1 + Q1 * m2;
      for (int i = m + REACH - Q; i < ROW; i += Q)
        if (i >= 0) points[(size_t)blockIdx.x * ROW + i] = y;
    }
    __syncthreads();
  }
}

// One pass over exact features of a KV head's tokens with a running softmax; a block takes up to `tiles` tiles of
// 256·T tokens. Numbers lie as [tile][feature][token].
template <int MOST_KEYS, int MOST_VALUES, int T, int MOST_TILES, bool GRID>
__device__ void attend(const u16 *keys, const u16 *values, const int *shapes, const float *queries, const float *points,
                       const float *weights, int tokens, int tiles, float *maxima, float *sums, float *outputs,
                       float *spreads) {
  constexpr int TILE = THREADS * T;
  constexpr int CELLS = GRID ? TILE / R + 2 : 1;
  constexpr int SPAN = GRID ? MOST_TILES * TILE / R + TAPS + 2 : 1;
  constexpr int QUADS = (MOST_VALUES + 4 * WARPS - 1) / (4 * WARPS);
  __shared__ float query[MOST_KEYS * G + 1];
  __shared__ __align__(16) float p[G][TILE];
  __shared__ float weight[GRID ? R * TAPS : 1];
  __shared__ float y[G][SPAN], z[G][SPAN];
  __shared__ float taps[GRID ? G * CELLS * TAPS : 1];
  __shared__ float reduced[WARPS][G];
  const int head = blockIdx.y, split = blockIdx.x, id = threadIdx.x, warp = id / 32, lane = id % 32;
  const int keyFeatures = shapes[4 * head], valueFeatures = shapes[4 * head + 1];
  const u16 *ownKeys = keys + (size_t)shapes[4 * head + 2] * TILE, *ownValues = values + (size_t)shapes[4 * head + 3] * TILE;
  const int start = split * tiles * TILE, firstCell = GRID ? start / R : 0;

  for (int i = id; i < keyFeatures * G; i += THREADS)
    query[i] = queries[(head * G + i % G) * MOST_KEYS + i / G];
  if (GRID) {
    for (int i = id; i < R * TAPS; i += THREADS) weight[i] = weights[i];
    for (int i = id; i < G * SPAN; i += THREADS) {
      const int g = i / SPAN, at = firstCell + i % SPAN;
      y[g][i % SPAN] = at < ROW ? points[(size_t)(head * G + g) * ROW + at] : 0;
      z[g][i % SPAN] = 0;
    }
  }
  float most[G], sum[G], acc[QUADS][4][G];
  for (int g = 0; g < G; g++) most[g] = EMPTY, sum[g] = 0;
#pragma unroll
  for (int k = 0; k < QUADS; k++)
#pragma unroll
    for (int i = 0; i < 4; i++)
#pragma unroll
      for (int g = 0; g < G; g++) acc[k][i][g] = 0;
  __syncthreads();

  for (int tile = 0; tile < tiles; tile++) {
    const int base = start + tile * TILE;
    if (base >= tokens) break;
    float s[T][G];
#pragma unroll
    for (int i = 0; i < T; i++) {
      const int token = base + id * T + i, cell = GRID ? token / R : 0, row = token - cell * R;
#pragma unroll
      for (int g = 0; g < G; g++) {
        s[i][g] = 0;
        if (GRID)
#pragma unroll
          for (int j = 0; j < TAPS; j++) s[i][g] += weight[row * TAPS + j] * y[g][cell - firstCell + j];
      }
    }
    const u16 *key = ownKeys + (size_t)(base / TILE) * keyFeatures * TILE + id * T;
#pragma unroll 8
    for (int f = 0; f < keyFeatures; f++) {
      float x[T];
      if (T == 4) wide4(key + (size_t)f * TILE, x);
      else
        for (int i = 0; i < T; i++) x[i] = wide(__ldg(key + (size_t)f * TILE + i));
#pragma unroll
      for (int g = 0; g < G; g++) {
        const float q = query[f * G + g];
#pragma unroll
        for (int i = 0; i < T; i++) s[i][g] += q * x[i];
      }
    }
#pragma unroll
    for (int g = 0; g < G; g++) {
      float largest = EMPTY;
#pragma unroll
      for (int i = 0; i < T; i++) {
        if (base + id * T + i >= tokens) s[i][g] = EMPTY;
        largest = fmaxf(largest, s[i][g]);
      }
      largest = warpMaximum(largest);
      if (lane == 0) reduced[warp][g] = largest;
    }
    __syncthreads();
#pragma unroll
    for (int g = 0; g < G; g++) {
      float next = most[g];
      for (int w = 0; w < WARPS; w++) next = fmaxf(next, reduced[w][g]);
      const float factor = __expf(most[g] - next);
      most[g] = next;
      sum[g] *= factor;
#pragma unroll
      for (int k = 0; k < QUADS; k++)
#pragma unroll
        for (int i = 0; i < 4; i++) acc[k][i][g] *= factor;
      if (GRID)
        for (int i = id; i < SPAN; i += THREADS) z[g][i] *= factor;
#pragma unroll
      for (int i = 0; i < T; i++) {
        const float e = __expf(s[i][g] - next);
        p[g][id * T + i] = e;
        sum[g] += e;
      }
    }
    __syncthreads();
    if (GRID) {
      const int cell0 = base / R, count = (base + TILE - 1) / R - cell0 + 1;
      for (int item = id; item < G * count * TAPS; item += THREADS) {
        const int j = item % TAPS, cell = item / TAPS % count, g = item / TAPS / count;
        const int from = max((cell0 + cell) * R, base), to = min((cell0 + cell + 1) * R, base + TILE);
        float total = 0;
        for (int t = from; t < to; t++) total += weight[(t - (cell0 + cell) * R) * TAPS + j] * p[g][t - base];
        taps[(g * CELLS + cell) * TAPS + j] = total;
      }
      __syncthreads();
      for (int item = id; item < G * (count + TAPS - 1); item += THREADS) {
        const int g = item / (count + TAPS - 1), i = item % (count + TAPS - 1);
        float total = 0;
        for (int j = max(0, i - count + 1); j < TAPS && j <= i; j++) total += taps[(g * CELLS + i - j) * TAPS + j];
        z[g][cell0 - firstCell + i] += total;
      }
    }
    const u16 *value = ownValues + (size_t)(base / TILE) * valueFeatures * TILE;
#pragma unroll
    for (int k = 0; k < QUADS; k++) {
      const int f = 4 * (warp + WARPS * k);
      if (f >= valueFeatures) break;
      for (int at = 4 * lane; at < TILE; at += 128) {
        float4 e[G];
#pragma unroll
        for (int g = 0; g < G; g++) e[g] = *(const float4 *)&p[g][at];
#pragma unroll
        for (int i = 0; i < 4; i++) {
          if (f + i >= valueFeatures) break;
          float v[4];
          wide4(value + (size_t)(f + i) * TILE + at, v);
#pragma unroll
          for (int g = 0; g < G; g++) acc[k][i][g] += e[g].x * v[0] + e[g].y * v[1] + e[g].z * v[2] + e[g].w * v[3];
        }
      }
    }
    __syncthreads();
  }

  const size_t part = (size_t)head * gridDim.x + split;
#pragma unroll
  for (int k = 0; k < QUADS; k++) {
    const int f = 4 * (warp + WARPS * k);
#pragma unroll
    for (int i = 0; i < 4; i++)
#pragma unroll
      for (int g = 0; g < G; g++) {
        const float total = warpSum(acc[k][i][g]);
        if (lane == 0 && f + i < valueFeatures) outputs[(part * MOST_VALUES + f + i) * G + g] = total;
      }
  }
#pragma unroll
  for (int g = 0; g < G; g++) {
    const float total = warpSum(sum[g]);
    if (lane == 0) reduced[warp][g] = total;
  }
  __syncthreads();
  if (id < G) {
    float total = 0;
    for (int w = 0; w < WARPS; w++) total += reduced[w][id];
    sums[part * G + id] = total;
  }
  if (id == 0)
    for (int g = 0; g < G; g++) maxima[part * G + g] = most[g];
  if (GRID)
    for (int i = id; i < G * SPAN; i += THREADS) spreads[part * G * SPAN + i] = z[i / SPAN][i % SPAN];
}

#define PASS(name, keysMost, valuesMost, t, most, grid) \
  extern "C" __global__ void __launch_bounds__(THREADS) name( \
      const u16 *keys, const u16 *values, const int *shapes, const float *queries, const float *points, \
      const float *weights, int tokens, int tiles, float *maxima, float *sums, float *outputs, float *spreads) { \
    attend<keysMost, valuesMost, t, most, grid>(keys, values, shapes, queries, points, weights, tokens, tiles, maxima, \
                                                sums, outputs, spreads); \
  }

PASS(middle, EXACT, EXACT, TPT, TILES, true)
PASS(edge, D, D, 1, 1, false)
PASS(dense, D, D, 4, 1, false)

// Joins the parts of one query head: exact elements of the output, and the probabilities on the grid. Output elements
// that are spectral over the middle get what sinks and window bring to them.
extern "C" __global__ void combine(int middleParts, int edgeParts, int splitTokens, const int *shapes, const int *places,
                                   const float *maxima, const float *sums, const float *outputs, const float *spreads,
                                   const float *edgeMaxima, const float *edgeSums, const float *edgeOutputs, float *grid,
                                   float *result) {
  const int head = blockIdx.x / G, g = blockIdx.x % G;
  const int span = splitTokens / R + TAPS + 2;
  extern __shared__ float factor[];  // of each middle part, then of each edge part
  __shared__ float sharedTotal;
  if (threadIdx.x == 0) {
    float most = EMPTY, total = 0;
    for (int i = 0; i < middleParts; i++) most = fmaxf(most, maxima[(head * middleParts + i) * G + g]);
    for (int i = 0; i < edgeParts; i++) most = fmaxf(most, edgeMaxima[(head * edgeParts + i) * G + g]);
    for (int i = 0; i < middleParts; i++) {
      factor[i] = __expf(maxima[(head * middleParts + i) * G + g] - most);
      total += factor[i] * sums[(head * middleParts + i) * G + g];
    }
    for (int i = 0; i < edgeParts; i++) {
      factor[middleParts + i] = __expf(edgeMaxima[(head * edgeParts + i) * G + g] - most);
      total += factor[middleParts + i] * edgeSums[(head * edgeParts + i) * G + g];
    }
    sharedTotal = total;
  }
  __syncthreads();
  const float inverse = 1 / sharedTotal;
  for (int d = threadIdx.x; d < D; d += THREADS) {
    float total = 0;
    for (int i = 0; i < edgeParts; i++)
      total += factor[middleParts + i] * edgeOutputs[((size_t)(head * edgeParts + i) * D + d) * G + g];
    const int place = places[head * D + d];
    if (place >= 0)
      for (int i = 0; i < middleParts; i++)
        total += factor[i] * outputs[((size_t)(head * middleParts + i) * EXACT + place) * G + g];
    result[(head * G + g) * D + d] = total * inverse;
  }
  for (int m = threadIdx.x; m < Q; m += THREADS) {
    float total = 0;
    for (int i = m + REACH - Q; i < ROW; i += Q) {
      if (i < 0) continue;
      const int last = min(middleParts - 1, (int)((long long)(i + 1) * R / splitTokens));
      for (int part = last; part >= 0; part--) {
        const int at = i - (int)((long long)part * splitTokens / R);
        if (at >= span) break;
        if (at >= 0) total += factor[part] * spreads[((size_t)(head * middleParts + part) * G + g) * span + at];
      }
    }
    grid[(size_t)blockIdx.x * Q + m] = total * inverse;
  }
}

// c_n Σ_m z[m]·exp(2πi n m/Q), as cosine and sine sums: the transpose of `expand`. A block takes a query head and a
// share of the n2.
extern "C" __global__ void gather(const float *grid, const float *corrections, const float2 *table, float *states) {
  __shared__ float2 turn[Q];
  __shared__ float z[Q];
  __shared__ float2 b[Q1];
  turns(table, turn);
  for (int m = threadIdx.x; m < Q; m += THREADS) z[m] = grid[(size_t)blockIdx.x * Q + m];
  __syncthreads();
  for (int n2 = blockIdx.y; n2 < Q2; n2 += gridDim.y) {
    for (int m1 = threadIdx.x; m1 < Q1; m1 += THREADS) {
      float re = 0, im = 0;
      const int step = Q1 * n2 % Q;
      int k = n2 * m1 % Q;
      for (int m2 = 0; m2 < Q2; m2++) {
        const float x = z[m1 + Q1 * m2];
        re += x * turn[k].x;
        im += x * turn[k].y;
        k += step;
        if (k >= Q) k -= Q;
      }
      b[m1] = make_float2(re, im);
    }
    __syncthreads();
    // Eight lanes a frequency.
    const int lane = threadIdx.x % 8, count = (N - n2 + Q2 - 1) / Q2;
    for (int first = 0; first < count; first += THREADS / 8) {
      const int n1 = first + threadIdx.x / 8;
      float re = 0, im = 0;
      const int step = (int)((long long)8 * n1 * Q2 % Q);
      int k = (int)((long long)lane * n1 * Q2 % Q);
      for (int m1 = lane; m1 < Q1; m1 += 8) {
        const float2 w = turn[k];
        re += b[m1].x * w.x - b[m1].y * w.y;
        im += b[m1].x * w.y + b[m1].y * w.x;
        k += step;
        if (k >= Q) k -= Q;
      }
      for (int by = 4; by > 0; by /= 2) {
        re += __shfl_xor_sync(0xffffffffu, re, by);
        im += __shfl_xor_sync(0xffffffffu, im, by);
      }
      if (lane == 0 && n1 < count) {
        const int n = n1 * Q2 + n2;
        states[(size_t)blockIdx.x * 2 * N + 2 * n] = re * corrections[n];
        states[(size_t)blockIdx.x * 2 * N + 2 * n + 1] = im * corrections[n];
      }
    }
    __syncthreads();
  }
}

// Adds the spectral elements: result += states · coefficients[kv][SPECTRAL][2N]; a warp a feature.
extern "C" __global__ void finish(const u16 *coefficients, const float *states, const int *elements, float *result) {
  const int head = blockIdx.y, feature = blockIdx.x * WARPS + threadIdx.x / 32, lane = threadIdx.x % 32;
  if (feature >= SPECTRAL) return;
  const int element = elements[head * SPECTRAL + feature];
  if (element < 0) return;
  const u16 *own = coefficients + ((size_t)head * SPECTRAL + feature) * 2 * N;
  float sum[G];
  for (int g = 0; g < G; g++) sum[g] = 0;
  for (int s = 2 * lane; s < 2 * N; s += 64) {
    const unsigned raw = __ldg((const unsigned *)(own + s));
    const float x = wide(raw & 0xffff), y = wide(raw >> 16);
    for (int g = 0; g < G; g++) {
      const float *state = states + (size_t)(head * G + g) * 2 * N + s;
      sum[g] += x * state[0] + y * state[1];
    }
  }
  for (int g = 0; g < G; g++) {
    const float total = warpSum(sum[g]);
    if (lane == 0) result[(head * G + g) * D + element] += total;
  }
}

// Joins the parts of dense attention.
extern "C" __global__ void denseCombine(int parts, const float *maxima, const float *sums, const float *outputs,
                                        float *result) {
  const int head = blockIdx.x / G, g = blockIdx.x % G;
  float most = EMPTY;
  for (int i = 0; i < parts; i++) most = fmaxf(most, maxima[(head * parts + i) * G + g]);
  float total = 0;
  for (int i = 0; i < parts; i++) total += __expf(maxima[(head * parts + i) * G + g] - most) * sums[(head * parts + i) * G + g];
  for (int d = threadIdx.x; d < D; d += THREADS) {
    float sum = 0;
    for (int i = 0; i < parts; i++)
      sum += __expf(maxima[(head * parts + i) * G + g] - most) * outputs[((size_t)(head * parts + i) * D + d) * G + g];
    result[(head * G + g) * D + d] = sum / total;
  }
}

// Reads everything once, for the memory's speed.
extern "C" __global__ void streamRead(const uint4 *numbers, unsigned long long count, unsigned *result) {
  unsigned sum = 0;
  for (unsigned long long i = blockIdx.x * (unsigned long long)THREADS + threadIdx.x; i < count;
       i += (unsigned long long)gridDim.x * THREADS) {
    const uint4 x = __ldg(numbers + i);
    sum ^= x.x ^ x.y ^ x.z ^ x.w;
  }
  if (sum == 0x12345678u) *result = sum;
}
