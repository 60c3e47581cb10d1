// The pass over the middle's tokens (see fourier.cu).

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
