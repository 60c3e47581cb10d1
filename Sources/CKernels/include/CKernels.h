// Inner loops that Swift cannot make fast, with run-time SIMD dispatch. Each stands next to a Swift reference in its
// caller's target, and a test holds the two equal.
#ifndef FKV_CKERNELS_H
#define FKV_CKERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "attend.h"
#include "bytes.h"
#include "half.h"
#include "heap.h"
#include "softmax.h"
#include "planes.h"
#include "quantise.h"
#include "rans.h"
#include "simd.h"

#endif
