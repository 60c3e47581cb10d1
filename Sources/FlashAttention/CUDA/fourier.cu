// Attention over one layer of profile fourier without rebuilding its middle, one query a head (docs/method.md,
// "Attention without reconstruction"), in four kernels: begin, expand, middle, close.

// Rows of coefficients that a warp projects.
#define PROJECTED (32 / G)
// Frequencies n = Q2·n1 + n2 of one n2.
#define N1 ((N + Q2 - 1) / Q2)

// Blocks (edgeParts + projections, KV heads) of 128 threads. The first attend over sinks and window; the others make
//   projections[kv][2N] = (a_n, −b_n)·c_n,   a, b = coefficients[kv][2N][SPECTRAL] · q,   c the grid's corrections.
extern "C" __global__ void __launch_bounds__(32 * ROW_WARPS, 3)
    begin(const u16 *edgeKeys, const u16 *edgeValues, const float *queries, int edgeTokens, int perWarp, int edgeParts,
          float *edgeMaxima, float *edgeSums, float *edgeOutputs, const u16 *coefficients, const float *spectralQueries,
          const float *corrections, float *projections) {
  const int head = blockIdx.y;
  if (blockIdx.x < edgeParts) {
    attendRows(edgeKeys, edgeValues, queries, head, blockIdx.x, edgeParts, edgeTokens, perWarp, edgeMaxima, edgeSums,
               edgeOutputs);
    return;
  }
  const int lane = threadIdx.x % 32;
  const int first = ((blockIdx.x - edgeParts) * ROW_WARPS + threadIdx.x / 32) * PROJECTED;
  if (first >= 2 * N) return;
  float sums[32];
#pragma unroll
  for (int i = 0; i < 32; i++) sums[i] = 0;
  for (int f = 4 * lane; f < SPECTRAL; f += 128) {
    float x[PROJECTED][4];
#pragma unroll
    for (int i = 0; i < PROJECTED; i++)
      wide4(coefficients + ((size_t)head * 2 * N + min(first + i, 2 * N - 1)) * SPECTRAL + f, x[i]);
#pragma unroll
    for (int g = 0; g < G; g++) {
      const float4 q = *(const float4 *)(spectralQueries + (head * G + g) * SPECTRAL + f);
#pragma unroll
      for (int i = 0; i < PROJECTED; i++)
        sums[i * G + g] += x[i][0] * q.x + x[i][1] * q.y + x[i][2] * q.z + x[i][3] * q.w;
    }
  }
  scatterSums<32>(sums);
  const int row = first + lane / G;
  if (lane / G < PROJECTED && row < 2 * N)
    projections[((size_t)head * 2 * N + row) * G + lane % G] = (row % 2 ? -sums[0] : sums[0]) * corrections[row / 2];
}

// Grid points of the scores, points[kv][ROW]: y[m] = Σ_n Re(x_n·exp(2πi n m/Q)), m = m1 + Q1·m2, n = n2 + Q2·n1:
//   A[n2][m1] = exp(2πi n2 m1/Q) Σ_n1 x_n·exp(2πi n1 m1/Q1),   y = Re Σ_n2 A[n2][m1]·exp(2πi n2 m2/Q2)
// Blocks (Q1/M1, KV heads) of 256 threads, two threads a sum.
extern "C" __global__ void __launch_bounds__(256)
    expand(const Row *projections, const float2 *table, Row *points) {
  __shared__ float2 turn[Q];
  __shared__ Row a[M1][Q2][2];
  const int head = blockIdx.y, id = threadIdx.x, half = id % 2;
  for (int i = id; i < Q; i += 256) turn[i] = __ldg(table + i);
  __syncthreads();
  const Row *x = projections + (size_t)head * 2 * N;
  constexpr int SUMS = 2 * M1 * Q2;
  for (int item = id; item < (SUMS + 31) / 32 * 32; item += 256) {
    const int n2 = item / 2 % Q2, own = item / 2 / Q2, m1 = blockIdx.x * M1 + own;
    Row re = zero(), im = zero();
    const int step = 2 * Q2 * m1 % Q;
    int k = (n2 + Q2 * half) * m1 % Q;
#pragma unroll
    for (int i = 0; i < (N + 2 * Q2 - 1) / (2 * Q2); i++) {
      const int n = n2 + Q2 * half + 2 * Q2 * i;
      const float2 w = turn[k];
      const Row u = n < N ? x[2 * n] : zero(), v = n < N ? x[2 * n + 1] : zero();
      add(re, w.x, u), add(re, -w.y, v), add(im, w.y, u), add(im, w.x, v);
      k += step;
      if (k >= Q) k -= Q;
    }
#pragma unroll
    for (int g = 0; g < G; g++) {
      re.of[g] += __shfl_xor_sync(ALL, re.of[g], 1);
      im.of[g] += __shfl_xor_sync(ALL, im.of[g], 1);
    }
    if (half == 0 && own < M1) a[own][n2][0] = re, a[own][n2][1] = im;
  }
  __syncthreads();
  for (int item = id; item < (SUMS + 31) / 32 * 32; item += 256) {
    const int m2 = item / 2 % Q2, own = min(item / 2 / Q2, M1 - 1), m1 = blockIdx.x * M1 + own;
    Row y = zero();
    const int step = 2 * Q1 * m2 % Q;
    int k = Q1 * m2 * half % Q;
#pragma unroll 4
    for (int n2 = half; n2 < Q2; n2 += 2) {
      const float2 w = turn[k];
      add(y, w.x, a[own][n2][0]), add(y, -w.y, a[own][n2][1]);
      k += step;
      if (k >= Q) k -= Q;
    }
#pragma unroll
    for (int g = 0; g < G; g++) y.of[g] += __shfl_xor_sync(ALL, y.of[g], 1);
    if (half != 0 || item / 2 / Q2 >= M1 || m1 >= Q1) continue;
    for (int i = m1 + Q1 * m2 + REACH - Q; i < ROW; i += Q)
      if (i >= 0) points[(size_t)head * ROW + i] = y;
  }
}

#define MIDDLE_WARPS 4
// Tokens whose probabilities are spread together: a grid point's, or a part of them.
#define CHUNK (R <= 16 ? R : R % 16 == 0 ? 16 : R % 12 == 0 ? 12 : R % 20 == 0 ? 20 : R % 28 == 0 ? 28 : R)
#define CHUNKS ((TILE + CHUNK - 2) / CHUNK + 1)
#define SPAN (TILES * TILE / R + TAPS + 2)
#define VALUES ((EXACT + MIDDLE_WARPS - 1) / MIDDLE_WARPS)

// Four tokens of the features that are a warp's own; 0 beyond the last.
__device__ __forceinline__ void load(uint2 (&raw)[VALUES], const u16 *value, int at, int warp, int features) {
#pragma unroll
  for (int k = 0; k < VALUES; k++) {
    const int f = warp + MIDDLE_WARPS * k;
    raw[k] = f < features ? __ldg((const uint2 *)(value + f * TILE + at)) : make_uint2(0, 0);
  }
}

// One pass over the middle with a running softmax: exact features as they are, lying as [tile][feature][token], the
// others by interpolation between grid points; probabilities are summed times exact values, and spread on the grid.
// Blocks (parts, KV heads) of 128 threads, each for TILES tiles; a thread has four neighbouring tokens of each.
extern "C" __global__ void __launch_bounds__(32 * MIDDLE_WARPS, 4)
    middle(const u16 *keys, const u16 *values, const int *shapes, const Row *queries, const Row *points,
           const float *weights, int tokens, float *maxima, float *sums, float *outputs, Row *spreads) {
  __shared__ Row query[(EXACT + 7) / 8 * 8], y[SPAN], z[SPAN], taps[CHUNKS][TAPS];
  __shared__ alignas(16) float p[G][TILE];
  // A tap's weights lie in banks of their own.
  __shared__ alignas(16) float weight[TAPS][R + 4];
  __shared__ float reduced[MIDDLE_WARPS][G];
  const int head = blockIdx.y, part = blockIdx.x, id = threadIdx.x, warp = id / 32, lane = id % 32;
  const int keyFeatures = shapes[4 * head], valueFeatures = shapes[4 * head + 1];
  const u16 *ownKeys = keys + (size_t)shapes[4 * head + 2] * TILE, *ownValues = values + (size_t)shapes[4 * head + 3] * TILE;
  const int start = part * TILES * TILE, firstCell = start / R;
  for (int i = id; i < (EXACT + 7) / 8 * 8; i += 32 * MIDDLE_WARPS)
    query[i] = i < EXACT ? queries[head * EXACT + i] : zero();
  for (int i = id; i < TAPS * R; i += 32 * MIDDLE_WARPS) weight[i / R][i % R] = weights[i];
  for (int i = id; i < SPAN; i += 32 * MIDDLE_WARPS) {
    y[i] = firstCell + i < ROW ? points[(size_t)head * ROW + firstCell + i] : zero();
    z[i] = zero();
  }
  float most[G], sum[G], acc[VALUES][G];
#pragma unroll
  for (int g = 0; g < G; g++) most[g] = EMPTY, sum[g] = 0;
#pragma unroll
  for (int k = 0; k < VALUES; k++)
#pragma unroll
    for (int g = 0; g < G; g++) acc[k][g] = 0;
  __syncthreads();

  for (int tile = 0; tile < TILES; tile++) {
    const int base = start + tile * TILE;
    if (base >= tokens) break;
    const u16 *key = ownKeys + (size_t)(base / TILE) * keyFeatures * TILE + 4 * id;
    const u16 *value = ownValues + (size_t)(base / TILE) * valueFeatures * TILE;
    float s[G][4];
#pragma unroll
    for (int g = 0; g < G; g++)
#pragma unroll
      for (int i = 0; i < 4; i++) s[g][i] = 0;
    for (int f0 = 0; f0 < keyFeatures; f0 += 8) {
      uint2 raw[8];
#pragma unroll
      for (int f = 0; f < 8; f++)
        raw[f] = f0 + f < keyFeatures ? __ldg((const uint2 *)(key + (f0 + f) * TILE)) : make_uint2(0, 0);
#pragma unroll
      for (int f = 0; f < 8; f++) {
        float x[4];
        wide2(raw[f].x, x), wide2(raw[f].y, x + 2);
        const Row q = query[f0 + f];
#pragma unroll
        for (int g = 0; g < G; g++)
#pragma unroll
          for (int i = 0; i < 4; i++) s[g][i] += q.of[g] * x[i];
      }
    }
    uint2 raw[VALUES];
    load(raw, value, 4 * lane, warp, valueFeatures);
    if (R % 4 == 0) {
      const int cell = (base + 4 * id) / R, row = base + 4 * id - cell * R;
#pragma unroll
      for (int j = 0; j < TAPS; j++) {
        const float4 w = *(const float4 *)&weight[j][row];
        const Row own = y[cell - firstCell + j];
#pragma unroll
        for (int g = 0; g < G; g++) {
          s[g][0] += w.x * own.of[g], s[g][1] += w.y * own.of[g];
          s[g][2] += w.z * own.of[g], s[g][3] += w.w * own.of[g];
        }
      }
    } else {
#pragma unroll
      for (int i = 0; i < 4; i++) {
        const int token = base + 4 * id + i, cell = token / R;
        for (int j = 0; j < TAPS; j++) {
          const float w = weight[j][token - cell * R];
          const Row own = y[cell - firstCell + j];
#pragma unroll
          for (int g = 0; g < G; g++) s[g][i] += w * own.of[g];
        }
      }
    }
#pragma unroll
    for (int g = 0; g < G; g++) {
      float largest = EMPTY;
#pragma unroll
      for (int i = 0; i < 4; i++) {
        if (base + 4 * id + i >= tokens) s[g][i] = EMPTY;
        largest = fmaxf(largest, s[g][i]);
      }
      largest = warpMaximum(largest);
      if (lane == 0) reduced[warp][g] = largest;
    }
    __syncthreads();
    bool grown = false;
    Row factor;
#pragma unroll
    for (int g = 0; g < G; g++) {
      float next = most[g];
#pragma unroll
      for (int w = 0; w < MIDDLE_WARPS; w++) next = fmaxf(next, reduced[w][g]);
      grown |= next != most[g];
      factor.of[g] = __expf(most[g] - next);
      most[g] = next;
      float4 e;
      e.x = __expf(s[g][0] - next), e.y = __expf(s[g][1] - next);
      e.z = __expf(s[g][2] - next), e.w = __expf(s[g][3] - next);
      *(float4 *)&p[g][4 * id] = e;
      sum[g] = sum[g] * factor.of[g] + (e.x + e.y) + (e.z + e.w);
    }
    if (grown && tile > 0) {
#pragma unroll
      for (int k = 0; k < VALUES; k++)
#pragma unroll
        for (int g = 0; g < G; g++) acc[k][g] *= factor.of[g];
      for (int i = id; i < SPAN; i += 32 * MIDDLE_WARPS) {
        Row own = z[i];
#pragma unroll
        for (int g = 0; g < G; g++) own.of[g] *= factor.of[g];
        z[i] = own;
      }
    }
    __syncthreads();

    const int chunk0 = base / CHUNK, chunks = (base + TILE - 1) / CHUNK - chunk0 + 1;
    for (int item = id; item < chunks * TAPS; item += 32 * MIDDLE_WARPS) {
      const int j = item % TAPS, chunk = chunk0 + item / TAPS;
      const int from = max(chunk * CHUNK, base) - base, to = min((chunk + 1) * CHUNK, base + TILE) - base;
      const float *own = weight[j] + (chunk * CHUNK % R - chunk * CHUNK + base);
      Row total = zero();
      if (R % 4 == 0) {
#pragma unroll 4
        for (int t = from; t < to; t += 4) {
          const float4 w = *(const float4 *)(own + t);
#pragma unroll
          for (int g = 0; g < G; g++) {
            const float4 e = *(const float4 *)&p[g][t];
            total.of[g] += (w.x * e.x + w.y * e.y) + (w.z * e.z + w.w * e.w);
          }
        }
      } else {
        for (int t = from; t < to; t++)
#pragma unroll
          for (int g = 0; g < G; g++) total.of[g] += own[t] * p[g][t];
      }
      taps[item / TAPS][j] = total;
    }
    __syncthreads();
    const int cell0 = base / R, cells = (base + TILE - 1) / R - cell0 + 1;
    // The last warp has the fewest values.
    for (int i = 32 * MIDDLE_WARPS - 1 - id; i < cells + TAPS - 1; i += 32 * MIDDLE_WARPS) {
      Row total = z[cell0 - firstCell + i];
      for (int j = max(0, i - cells + 1); j < TAPS && j <= i; j++) {
        const int cell = cell0 + i - j;
        const int from = max(cell * R / CHUNK, chunk0), to = min((cell + 1) * R / CHUNK, chunk0 + chunks);
        for (int chunk = from; chunk < to; chunk++) add(total, 1, taps[chunk - chunk0][j]);
      }
      z[cell0 - firstCell + i] = total;
    }
#pragma unroll
    for (int at = 4 * lane; at < TILE + 4 * lane; at += 128) {
      float4 e[G];
#pragma unroll
      for (int g = 0; g < G; g++) e[g] = *(const float4 *)&p[g][at];
#pragma unroll
      for (int k = 0; k < VALUES; k++) {
        float v[4];
        wide2(raw[k].x, v), wide2(raw[k].y, v + 2);
#pragma unroll
        for (int g = 0; g < G; g++) acc[k][g] += (e[g].x * v[0] + e[g].y * v[1]) + (e[g].z * v[2] + e[g].w * v[3]);
      }
      if (at + 128 < TILE + 4 * lane) load(raw, value, at + 128, warp, valueFeatures);
    }
    __syncthreads();
  }

  const size_t own = (size_t)head * gridDim.x + part;
#pragma unroll
  for (int first = 0; first < VALUES * G; first += 32) {
    float totals[32];
#pragma unroll
    for (int i = 0; i < 32; i++)
      totals[i] = first + i < VALUES * G ? acc[(first + i) / G % VALUES][(first + i) % G] : 0;
    scatterSums<32>(totals);
    const int f = warp + (first + lane) / G * MIDDLE_WARPS;
    if (first + lane < VALUES * G && f < valueFeatures) outputs[(own * EXACT + f) * G + (first + lane) % G] = totals[0];
  }
#pragma unroll
  for (int g = 0; g < G; g++) {
    const float total = warpSum(sum[g]);
    if (lane == 0) reduced[warp][g] = total;
  }
  __syncthreads();
  if (id < G) {
    float total = 0;
    for (int w = 0; w < MIDDLE_WARPS; w++) total += reduced[w][id];
    sums[own * G + id] = total;
  }
  if (id == 0)
#pragma unroll
    for (int g = 0; g < G; g++) maxima[own * G + g] = most[g];
  for (int i = id; i < SPAN; i += 32 * MIDDLE_WARPS) spreads[own * SPAN + i] = z[i];
}

// What probabilities of all parts of the middle add up to at index i of a grid's row.
__device__ __forceinline__ Row spreadAtIndex(int i, const Row *spreads, const float *factors, int parts) {
  Row total = zero();
  const int last = (int)((long long)i * R / (TILES * TILE));
#pragma unroll
  for (int back = -1; back <= (SPAN + 1) * R / (TILES * TILE); back++) {
    const int part = last - back, at = i - (int)((long long)part * (TILES * TILE) / R);
    // Where parts begin with a grid point, the part behind has none of it.
    if (TILES * TILE % R == 0 && back < 0) continue;
    if (part < 0 || part >= parts || at < 0 || at >= SPAN) continue;
    const Row own = spreads[(size_t)part * SPAN + at];
#pragma unroll
    for (int g = 0; g < G; g++) total.of[g] += factors[part * G + g] * own.of[g];
  }
  return total;
}

// The same at grid point m.
__device__ __forceinline__ Row spreadAt(int m, const Row *spreads, const float *factors, int parts) {
  Row total = spreadAtIndex(m + REACH, spreads, factors, parts);
  if (m + REACH >= Q) add(total, 1, spreadAtIndex(m + REACH - Q, spreads, factors, parts));
  if (m + REACH + Q < ROW) add(total, 1, spreadAtIndex(m + REACH + Q, spreads, factors, parts));
  return total;
}

#define SHARES (256 / Q1 > 1 ? 256 / Q1 : 1)
#define STATE_SHARES (512 / SPECTRAL > 1 ? 512 / SPECTRAL : 1)

// Blocks (Q2, KV heads) of 256 threads; each has the frequencies n = n2 + Q2·n1 of its n2, and its share of the parts:
//   b[m1] = Σ_m2 z[m1 + Q1·m2]·exp(2πi n2 (m1 + Q1·m2)/Q),   states[n] = c_n Σ_m1 b[m1]·exp(2πi n1 m1/Q1)
// The states times coefficients[kv][n2][N1][2][SPECTRAL] are the output's spectral elements; edge and exact features join
// them. A head's last block adds all up. Element d of the output is exact feature places[d], or spectral feature
// −1 − places[d].
extern "C" __global__ void __launch_bounds__(256)
    close(int middleParts, int edgeParts, const int *places, const float *maxima, const float *sums, const Row *outputs,
          const Row *spreads, const float *edgeMaxima, const float *edgeSums, const float *edgeOutputs,
          const u16 *coefficients, const float *corrections, const float2 *table, float *partial, int *counters,
          float *result) {
  extern __shared__ float factors[];  // of each middle part, then of each edge part
  __shared__ float2 turn[Q];
  __shared__ union {
    Row b[SHARES][Q1][2];
    Row products[STATE_SHARES][SPECTRAL];
  } shared;
  __shared__ Row states[2 * N1];
  __shared__ bool isLast;
  const int head = blockIdx.y, n2 = blockIdx.x, id = threadIdx.x, lane = id % 32, parts = middleParts + edgeParts;
  const u16 *ownCoefficients = coefficients + ((size_t)head * Q2 + n2) * N1 * 2 * SPECTRAL;
  if (id == 0) fetchAhead(ownCoefficients, N1 * 2 * SPECTRAL * 2);
  for (int i = id; i < Q; i += 256) turn[i] = __ldg(table + i);
  for (int g = id / 32; g < G; g += 8) {
    float most = EMPTY, total = 0;
    for (int i = lane; i < parts; i += 32) {
      const float own = i < middleParts ? maxima[(head * middleParts + i) * G + g]
                                        : edgeMaxima[(head * edgeParts + i - middleParts) * G + g];
      factors[i * G + g] = own;
      most = fmaxf(most, own);
    }
    most = warpMaximum(most);
    for (int i = lane; i < parts; i += 32) {
      const float own = i < middleParts ? sums[(head * middleParts + i) * G + g]
                                        : edgeSums[(head * edgeParts + i - middleParts) * G + g];
      const float factor = __expf(factors[i * G + g] - most);
      factors[i * G + g] = factor;
      total += factor * own;
    }
    total = warpSum(total);
    for (int i = lane; i < parts; i += 32) factors[i * G + g] /= total;
  }
  __syncthreads();
  const Row *ownSpreads = spreads + (size_t)head * middleParts * SPAN;
  for (int item = id; item < SHARES * Q1; item += 256) {
    const int m1 = item % Q1, share = item / Q1;
    Row re = zero(), im = zero();
    const int step = SHARES * Q1 * n2 % Q;
    int k = n2 * (m1 + Q1 * share) % Q;
#pragma unroll
    for (int i = 0; i < (Q2 + SHARES - 1) / SHARES; i++) {
      const int m2 = share + SHARES * i;
      const Row own = m2 < Q2 ? spreadAt(m1 + Q1 * m2, ownSpreads, factors, middleParts) : zero();
      add(re, turn[k].x, own), add(im, turn[k].y, own);
      k += step;
      if (k >= Q) k -= Q;
    }
    shared.b[share][m1][0] = re, shared.b[share][m1][1] = im;
  }
  __syncthreads();
  if (SHARES > 1) {
    for (int i = id; i < 2 * Q1; i += 256) {
      Row total = shared.b[0][i / 2][i % 2];
      for (int share = 1; share < SHARES; share++) add(total, 1, shared.b[share][i / 2][i % 2]);
      shared.b[0][i / 2][i % 2] = total;
    }
    __syncthreads();
  }
  // Eight lanes a frequency.
  for (int item = id; item < (8 * N1 + 31) / 32 * 32; item += 256) {
    const int n1 = item / 8, n = n2 + Q2 * n1;
    Row re = zero(), im = zero();
    const int step = (int)((long long)8 * n1 * Q2 % Q);
    int k = (int)((long long)(item % 8) * n1 * Q2 % Q);
#pragma unroll 4
    for (int m1 = item % 8; m1 < Q1; m1 += 8) {
      const float2 w = turn[k];
      const Row u = shared.b[0][m1][0], v = shared.b[0][m1][1];
      add(re, w.x, u), add(re, -w.y, v), add(im, w.y, u), add(im, w.x, v);
      k += step;
      if (k >= Q) k -= Q;
    }
#pragma unroll
    for (int g = 0; g < G; g++)
#pragma unroll
      for (int by = 4; by > 0; by /= 2) {
        re.of[g] += __shfl_xor_sync(ALL, re.of[g], by);
        im.of[g] += __shfl_xor_sync(ALL, im.of[g], by);
      }
    if (item % 8 || n1 >= N1) continue;
    const float correction = n < N ? corrections[n] : 0;
#pragma unroll
    for (int g = 0; g < G; g++) re.of[g] *= correction, im.of[g] *= correction;
    states[2 * n1] = re, states[2 * n1 + 1] = im;
  }
  __syncthreads();
  for (int item = id; item < STATE_SHARES * (SPECTRAL / 2); item += 256) {
    const int f = item % (SPECTRAL / 2) * 2, share = item / (SPECTRAL / 2);
    Row left = zero(), right = zero();
    unsigned raw[(2 * N1 + STATE_SHARES - 1) / STATE_SHARES];
#pragma unroll
    for (int i = 0; i < (2 * N1 + STATE_SHARES - 1) / STATE_SHARES; i++) {
      const int s = share + STATE_SHARES * i;
      raw[i] = s < 2 * N1 ? __ldg((const unsigned *)(ownCoefficients + s * SPECTRAL + f)) : 0;
    }
#pragma unroll
    for (int i = 0; i < (2 * N1 + STATE_SHARES - 1) / STATE_SHARES; i++) {
      const int s = share + STATE_SHARES * i;
      if (s >= 2 * N1) break;
      float x[2];
      wide2(raw[i], x);
      add(left, x[0], states[s]), add(right, x[1], states[s]);
    }
    shared.products[share][f] = left, shared.products[share][f + 1] = right;
  }
  __syncthreads();
  Row *ownPartial = (Row *)partial + ((size_t)head * Q2 + n2) * D;
  for (int d = id; d < D; d += 256) {
    const int place = places[head * D + d];
    Row total = zero();
    for (int part = n2; part < edgeParts; part += Q2)
#pragma unroll
      for (int g = 0; g < G; g++)
        total.of[g] += factors[(middleParts + part) * G + g] * edgeOutputs[((size_t)(head * edgeParts + part) * G + g) * D + d];
    if (place < 0)
      for (int share = 0; share < STATE_SHARES; share++) add(total, 1, shared.products[share][-1 - place]);
    else
      for (int part = n2; part < middleParts; part += Q2) {
        const Row own = outputs[(size_t)(head * middleParts + part) * EXACT + place];
#pragma unroll
        for (int g = 0; g < G; g++) total.of[g] += factors[part * G + g] * own.of[g];
      }
    ownPartial[d] = total;
  }
  __threadfence();
  __syncthreads();
  if (id == 0) isLast = atomicAdd(counters + head, 1) == Q2 - 1;
  __syncthreads();
  if (!isLast) return;
  __threadfence();
  for (int i = id; i < D * G; i += 256) {
    float total = 0;
#pragma unroll
    for (int other = 0; other < Q2; other++) total += __ldcg(partial + ((size_t)head * Q2 + other) * D * G + i);
    result[(head * G + i % G) * D + i / G] = total;
  }
  if (id == 0) counters[head] = 0;
}
