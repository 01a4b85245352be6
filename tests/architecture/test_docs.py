"""What the documents point to is there."""

import re
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT, relative

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
STARTS = ("emca_daemon", "tests", "docs", "conf", "bench", "systemd", ".ci")


def places(text: str) -> set[str]:
    """The paths of the project between backquotes, and the targets of links that lead into it."""
    quoted = re.findall(r"`([^`\s]+/[^`\s]*)`", text)
    linked = re.findall(r"\]\(([^)#:\s]+)\)", text)
    known = [
        place for place in quoted if place.split("/")[0] in STARTS and not re.search(r"[*<>{}A-Z]{2,}|[*<{]", place)
    ]
    return {*known, *linked}


@pytest.mark.parametrize("document", DOCUMENTS, ids=relative)
def test_every_place_that_a_document_names_is_there(document: Path) -> None:
    """Files and folders, written from the root of the project; links from the document's folder too."""
    named = places(document.read_text(encoding="utf-8"))
    assert {place for place in named if not (ROOT / place).exists() and not (document.parent / place).exists()} == set()
