// FKVFormat
