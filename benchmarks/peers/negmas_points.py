"""negmas: a GeniusWeb folder to Nash and Kalai-Smorodinsky points and Pareto front; prints them with the seconds."""

import json
import sys
import time
from pathlib import Path

from negmas.inout import Scenario
from negmas.preferences import ks_points, nash_points, pareto_frontier

folder = Path(sys.argv[1])
best, found = float("inf"), {}
for _ in range(int(sys.argv[2])):
    start = time.perf_counter()
    scenario = Scenario.from_geniusweb_folder(folder)
    for ufun in scenario.ufuns:
        ufun.reserved_value = 0.0
    front, _ = pareto_frontier(scenario.ufuns, issues=scenario.outcome_space.issues)
    # Gains above 0, as ours; left alone it counts them from each party's least utility.
    nash = nash_points(scenario.ufuns, front, ranges=[(0.0, 1.0)] * 2)
    ks = ks_points(scenario.ufuns, front, outcome_space=scenario.outcome_space)
    best = min(best, time.perf_counter() - start)
    found = {"nash": list(nash[0][0]), "ks": list(ks[0][0]), "front": len(front)}
sys.stdout.write(json.dumps({"seconds": best, **found}) + "\n")
