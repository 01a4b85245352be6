"""`python -m bench [NAME ...]`: measure, and print the figures as Markdown."""

import argparse

from bench import acme_orders, acme_stored, cmp, cmp_decoding, enrollment, est, ocsp, scep, startup
from bench.measuring import machine

ALL = {
    "enrollment": enrollment.measure,
    "acme": acme_orders.measure,
    "acme-stored": acme_stored.measure,
    "cmp": cmp.measure,
    "cmp-decoding": cmp_decoding.measure,
    "est": est.measure,
    "ocsp": ocsp.measure,
    "scep": scep.measure,
    "startup": startup.measure,
}


def main() -> None:
    """Measure what is named, or everything."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="What the daemon costs, and beside what.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(ALL)}; everything if none")
    names = parser.parse_args().names or list(ALL)
    unknown = [name for name in names if name not in ALL]
    if unknown:
        parser.error(f"there is no {', '.join(unknown)}")
    print(f"Measured on: {machine()}.\n", flush=True)
    for name in names:
        print(ALL[name]().text(), flush=True)


if __name__ == "__main__":
    main()
