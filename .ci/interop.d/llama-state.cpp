// Writes and loads llama.cpp's state files with llama.cpp itself.
//
//   llama-state save   MODEL FILE sequence|session KEYS VALUES on|off N     caches the first N tokens of standard input
//   llama-state logits MODEL FILE sequence|session KEYS VALUES on|off OUT   goes on from FILE, writes logits as Float32
//
// KEYS and VALUES are cell types (f16, q8_0, …); on|off is flash attention. Going on means: the tokens 28 253 198 34
// follow, one batch, and the logits of all four are written. As llama-completion does, sessions list one token more than
// they cache, which is computed first when going on.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <iostream>
#include <string>
#include <vector>

#include "llama.h"

static const llama_token following[] = {28, 253, 198, 34};

static ggml_type cell_type(const char * name) {
    for (int type = 0; type < GGML_TYPE_COUNT; type++) {
        const char * own = ggml_type_name((ggml_type) type);
        if (own && !strcmp(own, name)) return (ggml_type) type;
    }
    fprintf(stderr, "no type %s\n", name);
    exit(64);
}

static void decode(llama_context * context, const llama_token * tokens, int count, int position) {
    llama_batch batch = llama_batch_init(count, 0, 1);
    batch.n_tokens = count;
    for (int i = 0; i < count; i++) {
        batch.token[i] = tokens[i];
        batch.pos[i] = position + i;
        batch.n_seq_id[i] = 1;
        batch.seq_id[i][0] = 0;
        batch.logits[i] = true;
    }
    if (llama_decode(context, batch)) {
        fprintf(stderr, "llama_decode failed\n");
        exit(2);
    }
    llama_batch_free(batch);
}

int main(int argc, char ** argv) {
    if (argc != 9) {
        fprintf(stderr, "usage: see the source\n");
        return 64;
    }
    const bool saves = !strcmp(argv[1], "save"), is_session = !strcmp(argv[4], "session");
    llama_log_set([](ggml_log_level level, const char * text, void *) {
        if (level == GGML_LOG_LEVEL_ERROR) fputs(text, stderr);
    }, nullptr);
    llama_backend_init();
    llama_model * model = llama_model_load_from_file(argv[2], llama_model_default_params());
    if (!model) return 2;
    llama_context_params parameters = llama_context_default_params();
    parameters.n_ctx = 1024;
    parameters.n_seq_max = 1;
    parameters.n_threads = parameters.n_threads_batch = 1;
    parameters.type_k = cell_type(argv[5]);
    parameters.type_v = cell_type(argv[6]);
    parameters.flash_attn_type = strcmp(argv[7], "on") ? LLAMA_FLASH_ATTN_TYPE_DISABLED : LLAMA_FLASH_ATTN_TYPE_ENABLED;
    llama_context * context = llama_init_from_model(model, parameters);
    if (!context) return 2;

    std::vector<llama_token> tokens(4096);
    const llama_vocab * vocabulary = llama_model_get_vocab(model);
    if (saves) {
        const std::string text((std::istreambuf_iterator<char>(std::cin)), {});
        const int count = llama_tokenize(vocabulary, text.data(), text.size(), tokens.data(), tokens.size(), true, false);
        const int wanted = atoi(argv[8]);
        tokens.resize(count < wanted ? count : wanted);
        decode(context, tokens.data(), tokens.size() - is_session, 0);
        const bool saved = is_session ? llama_state_save_file(context, argv[3], tokens.data(), tokens.size())
                                      : llama_state_seq_save_file(context, argv[3], 0, tokens.data(), tokens.size()) > 0;
        return saved ? 0 : 2;
    }
    size_t count = 0;
    const bool loaded = is_session
        ? llama_state_load_file(context, argv[3], tokens.data(), tokens.size(), &count)
        : llama_state_seq_load_file(context, argv[3], 0, tokens.data(), tokens.size(), &count) > 0;
    if (!loaded) {
        fprintf(stderr, "%s was not loaded\n", argv[3]);
        return 2;
    }
    const int cached = llama_memory_seq_pos_max(llama_get_memory(context), 0) + 1;
    const int open = (int) count - cached, n = sizeof following / sizeof following[0];
    if (open > 0) decode(context, tokens.data() + cached, open, cached);
    decode(context, following, n, (int) count);
    FILE * out = fopen(argv[8], "wb");
    for (int i = 0; i < n; i++) {
        fwrite(llama_get_logits_ith(context, i), sizeof(float), llama_vocab_n_tokens(vocabulary), out);
    }
    return fclose(out) ? 2 : 0;
}
