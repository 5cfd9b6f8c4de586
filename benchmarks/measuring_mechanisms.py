"""Best of several runs by turns with a named peer, their ratio, and the processor they ran on."""

from __future__ import annotations

import gc
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # `mechanisms` as it stands in this tree


def by_turns(ours: Callable[[], object], peer: Callable[[], object], *, runs: int = 15) -> tuple[float, float]:
    """The shortest of several runs of each, in seconds, taken by turns so that both find the caches alike."""
    gc.collect()
    gc.disable()
    try:
        times = [(_timed(peer), _timed(ours)) for _ in range(runs)]
    finally:
        gc.enable()
    return min(own for _, own in times), min(other for other, _ in times)


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def processor() -> str:
    """The processor's own name."""
    cpu = Path("/proc/cpuinfo")
    names = (
        [line.split(":")[1] for line in cpu.read_text().splitlines() if "model name" in line] if cpu.exists() else []
    )
    return (names or [platform.processor() or platform.machine()])[0].strip()


def report(name: str, times: tuple[float, float], peer: str, at_most: float) -> bool:
    """Print one line; whether the ratio is within its bound."""
    ours, theirs = times
    ratio = ours / theirs
    verdict = "ok" if ratio <= at_most else "TOO SLOW"
    line = f"{name:22} {ours * 1e3:9.3f} ms   {peer} {theirs * 1e3:9.3f} ms"
    sys.stdout.write(f"{line}   ratio {ratio:5.2f} (at most {at_most:g})  {verdict}\n")
    return ratio <= at_most


def heading(title: str) -> None:
    """What is measured, and where."""
    sys.stdout.write(f"{title}\nprocessor: {processor()}, Python {platform.python_version()}\n")
