// The types of the codec that callers hold in their hands. Whoever imports FourierKV needs no other module.

// How it is coded.
@_exported import enum CacheCodec.BasisSource
// Why something could not be done.
@_exported import enum CacheCodec.CodecError
@_exported import struct CacheCodec.DecodingLimits
@_exported import struct CacheCodec.FourierParameters
@_exported import struct CacheCodec.ModelBasis
@_exported import struct CacheCodec.Profile
@_exported import struct CacheCodec.SpectralParameters
@_exported import struct CacheCodec.StoredError
@_exported import enum Coding.CodingError
@_exported import struct FKVFormat.FileKey
@_exported import enum FKVFormat.FormatError
// What it lost.
@_exported import struct Fidelity.AttentionErrors
@_exported import enum FileIO.FileError
@_exported import enum Interchange.CaptureError
@_exported import enum Interchange.SafetensorsError
// What a cache is.
@_exported import struct KVCacheModel.CacheDescription
@_exported import struct KVCacheModel.CacheGeometry
@_exported import enum KVCacheModel.CacheKind
@_exported import protocol KVCacheModel.CacheSource
@_exported import struct KVCacheModel.CacheTensor
@_exported import enum KVCacheModel.ElementType
@_exported import struct KVCacheModel.LayerGeometry
@_exported import struct KVCacheModel.MemoryCache
@_exported import struct KVCacheModel.ModelIdentity
@_exported import struct KVCacheModel.ProbeQueries
@_exported import struct KVCacheModel.RotaryEmbedding
