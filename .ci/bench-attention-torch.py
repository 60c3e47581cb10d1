"""Times PyTorch's dense attention for one decode step, to set beside `fkv bench attention --device cuda`.

    python3 .ci/bench-attention-torch.py 8192,32768,131072

32 query heads, 8 KV heads, dimension 128, bf16; 512 MB are read before each run, so that the caches hold nothing of it; one
launch of a recorded graph; medians of 31 runs. Each backend that takes the call is timed; the error is against Float64.
"""
import statistics
import sys

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import scaled_dot_product_attention as attend

QUERY_HEADS, KV_HEADS, DIM = 32, 8, 128
BACKENDS = {
    "flash": SDPBackend.FLASH_ATTENTION,
    "cuDNN": SDPBackend.CUDNN_ATTENTION,
    "efficient": SDPBackend.EFFICIENT_ATTENTION,
    "math": SDPBackend.MATH,
}
other = torch.zeros(1 << 27, device="cuda", dtype=torch.int32)


def microseconds(step, runs=31):
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            step()
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    times = []
    for _ in range(runs + 3):
        torch.sum(other)
        start, end = torch.cuda.Event(True), torch.cuda.Event(True)
        start.record()
        graph.replay()
        end.record()
        end.synchronize()
        times.append(1000 * start.elapsed_time(end))
    return statistics.median(times[3:])


print(f"PyTorch {torch.__version__}, {torch.cuda.get_device_name()}")
for tokens in map(int, sys.argv[1].split(",")):
    torch.manual_seed(1)
    keys, values = (
        torch.randn(1, KV_HEADS, tokens, DIM, device="cuda", dtype=torch.bfloat16) for _ in range(2)
    )
    queries = torch.randn(1, QUERY_HEADS, 1, DIM, device="cuda", dtype=torch.bfloat16)
    # The query heads of a KV head as rows of one product.
    grouped = queries.view(1, KV_HEADS, QUERY_HEADS // KV_HEADS, DIM)
    scores = grouped.double() @ keys.double().transpose(-1, -2) / DIM**0.5
    expected = (torch.softmax(scores, -1) @ values.double()).flatten()
    forms = {
        "grouped heads": lambda: attend(queries, keys, values, enable_gqa=True),
        "heads as rows": lambda: attend(grouped, keys, values),
    }
    for name, backend in BACKENDS.items():
        for form, step in forms.items():
            try:
                with sdpa_kernel(backend):
                    found = step().flatten().double()
                    error = ((found - expected).norm() / expected.norm()).item()
                    print(f"{tokens:7} {name:10} {form}  {microseconds(step):9.1f} µs  error {error:.1e}", flush=True)
            except RuntimeError as reason:
                print(f"{tokens:7} {name:10} {form}  not taken: {str(reason)[:60]}", flush=True)
