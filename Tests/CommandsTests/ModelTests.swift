import Testing

/// Everything that runs a model, one after another and on one thread: sessions compete for the same cores, and the
/// engine's threads spin.
@Suite(.serialized) enum ModelTests {}
