"""Kills builds of eight pairs at random moments, and tells what was lost: nothing, or this fails.

    python benchmarks/kill.py --rounds 200
    python benchmarks/kill.py --rounds 200 --seed 4711 --only 17

The painter is a stand-in that takes a tenth of a second. Rounds are those of tests/support/killing.py.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

from killing import Killing, Tally


def main() -> None:
    """Run the rounds; exit code 1 where something was lost."""
    parser = argparse.ArgumentParser(description="Kill builds at random moments and run them again.")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="draws the same moments again")
    parser.add_argument("--only", type=int, help="the number of a single round")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        killing = Killing(Path(folder) / "rounds", seed=arguments.seed, rounds=arguments.rounds)
        takes = killing.beginnings[0].told[-1]
        print(f"an undisturbed build takes {takes:.1f} s and makes {len(killing.after)} files", flush=True)
        if arguments.only is None:
            tally = killing.run()
        else:
            killing.round(arguments.only, tally := Tally())
    print(tally.table())
    print(*tally.faults, sep="\n")
    sys.exit(1 if tally.faults else 0)


if __name__ == "__main__":
    main()
