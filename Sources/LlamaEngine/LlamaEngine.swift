// LlamaEngine
