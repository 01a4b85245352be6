"""What is wrong in a file that a person wrote: values to collect, so that all of it is told at once."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One fault in a configuration file.

    `file` is the file's path as text, `key` the dotted path of the key (`listeners.acme.port`; empty for the file
    itself), `expected` the sentence that says what should stand there.
    """

    file: str
    key: str
    expected: str

    def __str__(self) -> str:
        """`file: key: what was expected`."""
        return ": ".join(part for part in (self.file, self.key, self.expected) if part)
