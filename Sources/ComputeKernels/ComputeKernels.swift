// ComputeKernels
