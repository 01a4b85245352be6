"""Logs: complete, in one stream, and without secrets."""

import json
import logging
import sys
import warnings
from datetime import UTC, datetime
from io import StringIO
from typing import cast

import pytest
from cryptography.utils import CryptographyDeprecationWarning
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.typing import FilteringBoundLogger
from twisted.logger import ILogObserver, Logger, LogPublisher

from emca_daemon.logs import (
    HIDDEN,
    REQUEST_ID,
    SECRET_WORDS,
    StandardLogs,
    bridge_twisted,
    hush_libraries,
    is_secret,
    make_log,
)
from emca_daemon.settings.model import LogSettings

NOON = datetime(2030, 1, 2, 12, 0, tzinfo=UTC)


def made(level: str = "info", form: str = "json") -> tuple[FilteringBoundLogger, StringIO]:
    """A log and what it writes to."""
    stream = StringIO()
    return make_log(LogSettings(format=form, level=level), lambda: NOON, stream), stream


def test_an_event_is_one_line_of_json() -> None:
    """Time, level and event first."""
    log, stream = made()
    log.info("issued", serial=b"\x01\xff", profile="server", count=3, ratio=0.5, none=None, yes=True)
    assert stream.getvalue() == (
        '{"timestamp":"2030-01-02T12:00:00.000Z","level":"info","event":"issued","serial":"01ff","profile":"server",'
        '"count":3,"ratio":0.5,"none":null,"yes":true}\n'
    )


def test_the_level_is_the_least_that_is_written() -> None:
    """Below it nothing is."""
    log, stream = made("warning")
    log.info("no")
    log.debug("no")
    log.warning("yes")
    assert json.loads(stream.getvalue())["event"] == "yes"


def test_the_request_under_way_is_named() -> None:
    """Unless the event names one itself."""
    log, stream = made()
    token = REQUEST_ID.set("id-1")
    log.info("first")
    log.info("second", request_id="id-2")
    REQUEST_ID.reset(token)
    log.info("third")
    ids = [json.loads(line).get("request_id") for line in stream.getvalue().splitlines()]
    assert ids == ["id-1", "id-2", None]


@pytest.mark.parametrize("form", ["json", "console"])
def test_no_secret_is_ever_written(form: str) -> None:
    """Not by name, not nested, not in a URL, not in the local variables of a traceback."""
    log, stream = made(form=form)
    fields = {f"the_{word}": "hunter2" for word in SECRET_WORDS}
    log.info("start", pin="hunter2", keyPassphrase="hunter2", HMAC="hunter2", **fields)
    log.info("nested", settings={"store": {"password": "hunter2", "list": [{"eab_token": "hunter2"}]}})
    log.info("database", url="postgresql://emca:hunter2@db/emca")
    password = "hunter2"
    try:
        raise ValueError(f"cannot open postgresql://emca:{password}@db/emca")
    except ValueError:
        log.exception("failed")
    assert "hunter2" not in stream.getvalue()
    assert stream.getvalue().count(HIDDEN) >= len(SECRET_WORDS) + 6
    assert "ValueError" in stream.getvalue()


def test_words_are_looked_for_not_syllables() -> None:
    """`pin` is one, `mapping` and `spinning` have none."""
    assert is_secret("keyPin")
    assert is_secret("PIN")
    assert is_secret("pkcs11_pin")
    assert not is_secret("mapping")
    assert not is_secret("spinning_up")
    assert not is_secret("secretary")


def test_values_nested_too_deeply_are_left_out() -> None:
    """A log line stays a line."""
    log, stream = made()
    value: dict[str, object] = {"end": 1}
    for _ in range(10):
        value = {"inner": [value]}
    log.info("deep", value=value)
    assert '"..."' in stream.getvalue()


@settings(max_examples=40, deadline=None)
@given(
    st.recursive(
        st.none() | st.integers() | st.text() | st.binary(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    )
)
def test_anything_can_be_logged(value: object) -> None:
    """One line of JSON comes out, whatever goes in."""
    log, stream = made()
    log.info("anything", value=value)
    assert json.loads(stream.getvalue())["event"] == "anything"
    assert stream.getvalue().count("\n") == 1


def test_twisted_logs_into_the_same_stream() -> None:
    """Its information is detail to us; failures come with their traceback."""
    log, stream = made("debug")
    publisher = LogPublisher()
    bridge_twisted(log, publisher)
    source = Logger("twisted.test", observer=cast("ILogObserver", publisher))
    source.info("starting {what}", what="x")
    source.warn("odd")
    try:
        raise ZeroDivisionError("by zero")
    except ZeroDivisionError:
        source.failure("unhandled")
    events = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(event["level"], event["event"]) for event in events] == [
        ("debug", "starting x"),
        ("warning", "odd"),
        ("error", "unhandled"),
    ]
    assert "ZeroDivisionError: by zero" in events[2]["exception"]
    assert events[0]["source"] == "twisted.test"


def test_libraries_log_into_the_same_stream() -> None:
    """From warnings up."""
    log, stream = made()
    source = logging.getLogger("emca-test-library")
    source.propagate = False
    handler = StandardLogs(log)
    source.addHandler(handler)
    source.info("no")
    source.warning("pool %s", "full")
    source.error("gone")
    source.removeHandler(handler)
    events = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(event["level"], event["event"], event["source"]) for event in events] == [
        ("warning", "pool full", "emca-test-library"),
        ("error", "gone", "emca-test-library"),
    ]


@pytest.mark.parametrize(("asked", "heard"), [([], 0), (["default"], 1)])
def test_libraries_do_not_remark_on_what_strangers_send(
    asked: list[str], heard: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unless somebody asks Python for warnings; other warnings stay what they were."""
    monkeypatch.setattr(sys, "warnoptions", asked)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        hush_libraries()
        warnings.warn("the name is too long", UserWarning, stacklevel=1)
        warnings.warn("the serial number is negative", CryptographyDeprecationWarning, stacklevel=1)
        warnings.warn("a file was left open", ResourceWarning, stacklevel=1)
    assert len(caught) == 1 + 2 * heard


def test_standard_error_is_where_logs_go(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is written to standard output, which belongs to commands."""
    make_log(LogSettings(), lambda: NOON).info("here")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "here" in captured.err
    assert sys.stderr is not None
