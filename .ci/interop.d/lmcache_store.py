"""LMCache's own file-system connector and token hashes, without an engine around them.

The connector asks its surroundings for memory and for the shape of chunks; this module gives it both.
"""
import asyncio
import os
from types import SimpleNamespace

os.environ.setdefault("LMCACHE_TRACK_USAGE", "false")
os.environ.setdefault("LMCACHE_LOG_LEVEL", "ERROR")
import torch
from lmcache.v1.memory_management import MemoryFormat, MemoryObjMetadata, TensorMemoryObj
from lmcache.v1.metadata import LMCacheMetadata
from lmcache.v1.storage_backend.connector.fs_connector import FSConnector
from lmcache.v1.token_database import ChunkedTokenDatabase


class Store:
    """Chunks of one model in one folder."""

    def __init__(self, folder, model, dtype, layers, heads, dim, chunk_tokens):
        self.metadata = LMCacheMetadata(
            model_name=model, world_size=1, local_world_size=1, worker_id=0, local_worker_id=0, kv_dtype=dtype,
            kv_shape=(layers, 2, chunk_tokens, heads, dim), chunk_size=chunk_tokens)
        config = SimpleNamespace(
            extra_config=None, use_layerwise=False, chunk_size=chunk_tokens, pre_caching_hash_algorithm="builtin",
            save_unfull_chunk=True, remote_url=None, enable_pd=False, get_extra_config_value=lambda name, default=None: default)
        backend = SimpleNamespace(config=config, metadata=self.metadata, allocate=self.allocate)
        self.connector = FSConnector(None, backend, config, base_paths_str=str(folder))
        self.database = ChunkedTokenDatabase(config, self.metadata)

    @staticmethod
    def allocate(shapes, dtypes, fmt):
        count = sum(shape.numel() * dtype.itemsize for shape, dtype in zip(shapes, dtypes))
        metadata = MemoryObjMetadata(
            shapes[0], dtypes[0], 0, count, 1, fmt=fmt, shapes=list(shapes), dtypes=list(dtypes))
        return TensorMemoryObj(torch.zeros(count, dtype=torch.uint8), metadata, None)

    def keys(self, tokens):
        """(first token, token behind the last, key) of each chunk."""
        return list(self.database.process_tokens(tokens))

    def put(self, tokens, numbers):
        """Stores numbers of shape (2, L, T, H·D)."""
        for first, end, key in self.keys(tokens):
            part = numbers[:, :, first:end].contiguous()
            chunk = self.allocate([part.shape], [part.dtype], MemoryFormat.KV_2LTD)
            chunk.raw_data.copy_(part.view(torch.uint8).flatten())
            asyncio.run(self.connector.put(key, chunk))

    def get(self, tokens):
        """The numbers of all chunks, (2, L, T, H·D); None for a chunk that is not there."""
        parts = []
        for first, end, key in self.keys(tokens):
            chunk = asyncio.run(self.connector.get(key))
            if chunk is None:
                return None
            parts.append(chunk.tensor.clone())
        return torch.cat(parts, dim=2)
