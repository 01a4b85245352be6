"""What commands print."""

import json
from datetime import UTC, datetime
from io import StringIO

import pytest

from emca_daemon.cli.output import Output, Value

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ROW: dict[str, Value] = {"name": "a", "when": NOW, "names": ("x", "y"), "none": None, "yes": True, "hidden": 7}
COLUMNS = ("name", "when", "names", "none", "yes")


class Terminal(StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """It is one."""
        return True


def test_a_pipe_gets_lines_and_a_terminal_a_table() -> None:
    """Tab-separated without headings, or a table with them."""
    pipe, terminal = StringIO(), Terminal()
    Output(False, pipe).rows(COLUMNS, [ROW])
    assert pipe.getvalue() == "a\t2026-01-02 03:04:05\tx, y\t-\tyes\n"
    Output(False, terminal).rows(COLUMNS, [ROW])
    assert "name" in terminal.getvalue()
    assert "x, y" in terminal.getvalue()


@pytest.mark.parametrize("stream", [StringIO, Terminal])
def test_names_of_strangers_write_nothing_but_themselves(stream: type[StringIO]) -> None:
    """No further line, no colour, no text turned around, and no markup of the table's; JSON keeps what it is."""
    name = "a\n\tb\x1b[31m\u202eö [bold][/x] :smile:"
    shown = "a\\n\\tb\\x1b[31m\\u202eö [bold][/x] :smile:"
    out, record, programs = stream(), stream(), stream()
    Output(False, out).rows(("name",), [{"name": name}])
    Output(False, record).record({"names": (name,)})
    Output(True, programs).rows(("name",), [{"name": name}])
    assert shown in out.getvalue()
    assert record.getvalue() == f"names  {shown}\n"
    assert json.loads(programs.getvalue()) == [{"name": name}]


def test_json_has_every_field() -> None:
    """Times in ISO 8601, lists as lists, fields that tables leave out too."""
    stream = StringIO()
    Output(True, stream).rows(COLUMNS, [ROW])
    assert json.loads(stream.getvalue()) == [
        {"name": "a", "when": NOW.isoformat(), "names": ["x", "y"], "none": None, "yes": True, "hidden": 7}
    ]


@pytest.mark.parametrize(
    ("as_json", "expected"),
    [(False, "name      a\nthe time  2026-01-02 03:04:05\n"), (True, {"name": "a", "the_time": NOW.isoformat()})],
)
def test_a_record_is_printed_field_by_field(as_json: bool, expected: object) -> None:
    """Aligned for people."""
    stream = StringIO()
    Output(as_json, stream).record({"name": "a", "the_time": NOW})
    assert (json.loads(stream.getvalue()) if as_json else stream.getvalue()) == expected


def test_sentences_are_for_people_and_fields_for_programs() -> None:
    """`said` and `raw` in both forms; an empty list is a dash, a false value no."""
    people, programs = StringIO(), StringIO()
    Output(False, people).said("done", id="x")
    Output(False, people).raw("PEM\n")
    Output(False, people).record({"a": (), "b": False})
    assert people.getvalue() == "done\nPEM\na  -\nb  no\n"
    Output(True, programs).said("done", id="x")
    assert json.loads(programs.getvalue()) == {"id": "x"}
    programs = StringIO()
    Output(True, programs).raw("PEM\n")
    assert json.loads(programs.getvalue()) == {"text": "PEM\n"}
