"""What every other app stands on: clock, money, strict JSON, streams, sweeps."""
