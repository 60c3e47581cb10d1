// SpectralTransform
