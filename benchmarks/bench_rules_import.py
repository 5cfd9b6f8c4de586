"""What `import mechanisms` costs, against importing numpy and pydantic alone."""

from __future__ import annotations

import subprocess
import sys

from measuring_mechanisms import ROOT, by_turns, heading, report


def fresh(statement: str) -> None:
    """Run one statement in a process of its own."""
    subprocess.run([sys.executable, "-c", statement], check=True, cwd=ROOT)


def main() -> int:
    """Print the ratio; 1 where it is beyond 1.6."""
    heading("import in a fresh process")
    times = by_turns(lambda: fresh("import mechanisms"), lambda: fresh("import numpy, pydantic"), runs=10)
    return 0 if report("import mechanisms", times, "import numpy, pydantic", 1.6) else 1


if __name__ == "__main__":
    sys.exit(main())
