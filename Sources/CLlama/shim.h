#include <llama.h>
#include <ggml.h>
#include <ggml-backend.h>
