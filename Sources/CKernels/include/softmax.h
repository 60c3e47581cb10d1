#ifndef FKV_SOFTMAX_H
#define FKV_SOFTMAX_H

#include <stddef.h>

/// Softmax of one row in place over columns first ..< end; the others become 0. With `cap` > 0 a score s becomes
/// cap·tanh(s/cap) first. `first` < `end` ≤ `count`.
void fkv_softmax_row(float *row, size_t count, size_t first, size_t end, float cap);

#endif
