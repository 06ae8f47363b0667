"""Where painting runs: in this process, on whatever device is there."""
