"""One file per mechanism: its SPEC, its parameters and its algorithm."""
