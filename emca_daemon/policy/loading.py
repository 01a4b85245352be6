"""Profiles from the TOML files of a folder, every problem of every file told at once."""

from pathlib import Path

from emca_daemon.names import ProfileName
from emca_daemon.policy.profile import Profile
from emca_daemon.problems import Problem
from emca_daemon.toml_reading import read_dataclass, read_toml


def load_profiles(folder: Path) -> tuple[dict[ProfileName, Profile], list[Problem]]:
    """The profiles of every `*.toml` in the folder, by name; those with problems are left out, the problems listed."""
    profiles: dict[ProfileName, Profile] = {}
    problems: list[Problem] = []
    if not folder.is_dir():
        problems.append(Problem(str(folder), "", "a folder with profiles was expected"))
        return profiles, problems
    files = sorted(folder.glob("*.toml"))
    if not files:
        problems.append(Problem(str(folder), "", "a folder with profiles (*.toml) was expected; there is none in it"))
    for path in files:
        profile = load_profile(path, problems)
        if profile is not None:
            profiles[profile.name] = profile
    return profiles, problems


def load_profile(path: Path, problems: list[Problem]) -> Profile | None:
    """The profile in one file; None, and the problems added, where it has any."""
    table = read_toml(path, problems)
    if table is None:
        return None
    if "name" in table:
        problems.append(Problem(str(path), "name", "unknown key; a profile is called as its file is"))
        return None
    return read_dataclass(Profile, {**table, "name": path.stem}, str(path), "", problems)
