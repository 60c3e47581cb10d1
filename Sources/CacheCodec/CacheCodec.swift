// CacheCodec
