#ifndef FKV_BLAS_H
#define FKV_BLAS_H

/// Makes a dynamically dispatching OpenBLAS use its AVX-512 kernels where the processor has AVX-512 and OpenBLAS, older
/// than the processor, chose kernels for a lesser one (Debian 12's 0.3.21 on Zen 4 and 5: half the speed). Does nothing
/// if OPENBLAS_CORETYPE is set or the library lacks the entry points. Call once, before any product.
void fkv_choose_blas_kernels(void);

#endif
