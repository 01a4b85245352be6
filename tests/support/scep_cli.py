"""A folder of settings with SCEP endpoints whose challenges somebody makes."""

from pathlib import Path

from tests.support.cli_world import CommandLine, new_folder

ENDPOINTS = """
[scep.default]
profile = "device"
issuer = "issuing"

[scep.default.challenge]
policy = "one-time"

[scep.devices]
profile = "device"
issuer = "issuing"

[scep.devices.challenge]
policy = "device"
device_id = "common-name"
"""


def scep_folder(folder: Path) -> CommandLine:
    """What `init` makes, with an endpoint for one-time challenges and one for devices."""
    commands = new_folder(folder)
    text = commands.config.read_text().replace('serves = ["ocsp", ', 'serves = ["scep", "ocsp", ')
    commands.config.write_text(text + ENDPOINTS)
    return commands
