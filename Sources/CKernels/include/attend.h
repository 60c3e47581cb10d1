#ifndef FKV_ATTEND_H
#define FKV_ATTEND_H

#include <stddef.h>

/// Tokens side by side in a vector: lane i of tile k is cell 16·k + i.
enum { fkv_attend_lanes = 16 };
/// Grid points that a token's score is interpolated from.
enum { fkv_attend_taps = 8 };
/// Query rows that one pass takes, at most.
enum { fkv_attend_queries = 4 };

/// How stored numbers are kept: the codes of KVCacheModel.ElementType.
enum fkv_attend_type { fkv_attend_half = 1, fkv_attend_bfloat = 2, fkv_attend_float = 3 };

/// Attention of 1 or 4 query rows over tiles of tokens, with one softmax carried from tile to tile. Token t of a set is
/// row t mod `rows` of cell t / `rows`.
typedef struct {
  int type;
  size_t query_count;     // 1 or 4
  size_t rows;            // R, tokens of a cell
  size_t key_features;    // exact features of keys, and of values
  size_t value_features;
  const void *keys;       // [tile][row][feature][lane]
  const void *values;     // [tile][block of 4 features][row][feature in block][lane]
  const float *queries;   // [key feature][query], scaled
  const float *weights;   // [row][tap]; null without a grid
  const float *grid;      // [query][grid_stride]: what tap 0 of cell 0 meets comes first; null without a grid
  float *spread;          // [query][grid_stride]: sums of weight · exp(score − maximum); null without a grid
  size_t grid_stride;
  float *scores;          // [tile][row][query][lane], from first_tile on: scores to begin with in, exp(score − maximum)
                          // out; null: scores begin at 0
  size_t first_tile, end_tile;
  const ptrdiff_t *first; // tokens that each query sees: first ..< end
  const ptrdiff_t *end;
  float cap;              // c of c·tanh(s/c); 0 without one
  float *scratch;         // [row][query][lane], used where scores is null
  float *outputs;         // [value feature][query][lane]: sums of exp(score − maximum) · value
  float *maximum;         // [query]; −∞ to begin with
  float *sum;             // [query]: sums of exp(score − maximum)
} fkv_attend_pass;

/// Goes through the tiles, adding to outputs, spread and sum.
void fkv_attend(const fkv_attend_pass *pass);

#endif
