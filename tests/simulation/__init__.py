"""The world under a seed: bank, integrator, workers, ReCORE and people in one process, one of them moving at a time."""
