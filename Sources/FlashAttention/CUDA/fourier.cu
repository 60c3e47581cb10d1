// Attention over one layer of profile fourier without rebuilding its middle, one query a head (docs/method.md,
// "Attention without reconstruction"), in four kernels: begin and expand here, middle.cu, close.cu.

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
