"""Every planted bug is caught by the suite; each runs in a copy of the package. `make prove` only: minutes."""

from __future__ import annotations

import pytest
from prove_planted_bugs import PLANTED, copied, suite_fails, verdict


@pytest.mark.prove
def test_the_unharmed_copy_passes():
    with copied() as folder:
        assert suite_fails(folder) == ""


@pytest.mark.prove
@pytest.mark.parametrize("patch", sorted(PLANTED.glob("*.patch")), ids=lambda patch: patch.stem)
def test_the_suite_catches(patch):
    caught, words = verdict(patch)
    assert caught, words


def test_every_patch_still_applies():
    """So that a planted bug does not rot unseen until somebody proves."""
    with copied() as folder:
        for patch in PLANTED.glob("*.patch"):
            path = patch.read_text().splitlines()[0].removeprefix("--- a/")
            text = (folder / path).read_text()
            removed = [line[1:] for line in patch.read_text().splitlines()[2:] if line.startswith("-")]
            assert all(line in text for line in removed), patch.stem
