"""`make demo` asked for what it has not; what it has is in the README's tour and in the scene `trip`."""

from pathlib import Path

from tests.docs.running_demo import RunningDemo


def test_an_unknown_scene_is_refused_in_one_line(tmp_path: Path) -> None:
    demo = RunningDemo(tmp_path / "demo.txt", SCENE="moon")
    assert demo.process.wait(60) == 2
    assert demo.printed == "There is no scene 'moon'; SCENE is one of trip, upgrade, last_room, electricity.\n"
