"""Makes written files effective: acts on units, runs programs, and judges by what came of it."""
