"""Where painting runs: in this process, on whatever device is there, or in others, here and elsewhere."""
