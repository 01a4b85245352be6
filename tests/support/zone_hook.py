"""Writes TXT records into the zone file of tests/support/dns_server.py, as clients' DNS hooks.

`zone_hook.py FILE present|cleanup [FQDN. VALUE]`: lego gives name and value as arguments, certbot in the environment.
"""

import fcntl
import json
import os
import sys
from pathlib import Path


def main(file: Path, verb: str, *given: str) -> None:
    """Add or remove one record, beyond a CNAME too; the file is replaced whole: the server may read it at any time."""
    name, value = given or (f"_acme-challenge.{os.environ['CERTBOT_DOMAIN']}", os.environ["CERTBOT_VALIDATION"])
    name = name.rstrip(".").lower()
    with Path(f"{file}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        zone = json.loads(file.read_text())
        name = zone.get(name, {}).get("CNAME", [name])[0]
        texts = zone.setdefault(name, {}).setdefault("TXT", [])
        if verb == "present":
            texts.append(value)
        elif value in texts:
            texts.remove(value)
        fresh = file.with_suffix(".new")
        fresh.write_text(json.dumps(zone))
        fresh.replace(file)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
