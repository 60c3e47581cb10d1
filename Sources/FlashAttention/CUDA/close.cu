// What comes after the pass over tokens: from probabilities on the grid to outputs (see fourier.cu).

// What probabilities of all parts of the middle add up to at index i of a grid's row.
__device__ __forceinline__ Row spreadAtIndex(int i, const Row *spreads, const float *factors, int parts) {
  Row total = zero();
  const int last = (int)((long long)i * R / (TILES * TILE));
#pragma unroll
  for (int back = -1; back <= (SPAN + 1) * R / (TILES * TILE); back++) {
    const int part = last - back, at = i - (int)((long long)part * (TILES * TILE) / R);
    // Where parts begin with a grid point, the part after it has none of it.
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
