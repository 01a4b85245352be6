"""Names say what a thing is."""

import ast

from tests.architecture.tree import parsed, python_files, relative, words

BANNED = {"manager", "handler", "processor", "engine", "helper", "helpers", "util", "utils", "common", "base", "misc"}


def test_no_file_is_named_by_a_word_that_says_nothing() -> None:
    """Folders count too."""
    files = python_files("emca_daemon", "tests", "bench")
    assert [
        relative(path) for path in files if any(words(part) & BANNED for part in (*path.parent.parts, path.stem))
    ] == []


def test_no_class_is_named_by_a_word_that_says_nothing() -> None:
    """A class is named for what it stands for."""
    classes = [
        (relative(path), node.name)
        for path in python_files("emca_daemon", "tests", "bench")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ClassDef)
    ]
    assert [found for found in classes if words(found[1]) & BANNED] == []


def test_words_are_found_in_both_spellings() -> None:
    """CamelCase and snake_case are taken apart, abbreviations kept whole."""
    assert words("HTTPFrontEnd") == words("http_front_end") == {"http", "front", "end"}
    assert words("Base64Text") == {"base64", "text"}
