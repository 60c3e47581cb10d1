// Fidelity
