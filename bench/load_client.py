"""The load of ACME orders, a process of its own: `python -m bench.load_client`, driven over its standard streams.

It makes its accounts and requests first and says `ready`; on a line of input it begins; in the end it prints one line
of JSON: orders, failures by their text, seconds, latencies, requests, and what it cost itself.
"""

import argparse
import asyncio
import json
import sys
import time
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

from bench.acme_client import Account, Answers, RefusedError, make_csr, trusting
from bench.http_client import Connection, NoAnswerError

SUFFIX = "emca.test"


class Load:
    """Accounts that take orders from one pile until it is empty or time is over."""

    def __init__(self, accounts: list[Account], orders: int, seconds: float) -> None:
        """`orders` in all, begun within so many seconds."""
        self._accounts = accounts
        self._pile = [(name, make_csr(name)) for name in (f"n{number}.{SUFFIX}" for number in range(orders))]
        self._seconds = seconds
        self.latencies: list[float] = []
        self.failures: Counter[str] = Counter()

    async def run(self) -> float:
        """Everybody at work; the seconds that it took."""
        begun = time.monotonic()
        end = begun + self._seconds
        await asyncio.gather(*(self._work(account, end) for account in self._accounts))
        return time.monotonic() - begun

    async def _work(self, account: Account, end: float) -> None:
        while self._pile and time.monotonic() < end:
            name, csr = self._pile.pop()
            begun = time.monotonic()
            try:
                async with asyncio.timeout(max(1.0, end + 15 - begun)):
                    await account.obtain(name, csr)
            except (RefusedError, NoAnswerError, TimeoutError) as error:
                self.failures[str(error)[:120] or type(error).__name__] += 1
                if not isinstance(error, RefusedError):
                    return
            else:
                self.latencies.append(time.monotonic() - begun)


async def drive(options: argparse.Namespace) -> dict[str, object]:
    """Prepare, wait for the word, run, report."""
    context = trusting(options.bundle.read_bytes())
    answers = Answers()
    accounts = [
        Account(Connection(options.directory, context), options.directory, answers) for _ in range(options.connections)
    ]
    async with AsyncExitStack() as stack:
        if options.answers_port:
            await stack.enter_async_context(answers.serving(options.answers_port))
        for account in accounts:
            await account.register()
        load = Load(accounts, options.orders, options.seconds)
        sent = sum(account.connection.requests for account in accounts)
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        cpu = time.process_time()
        seconds = await load.run()
        cpu = time.process_time() - cpu
        for account in accounts:
            await account.connection.close()
    return {
        "orders": len(load.latencies),
        "failures": dict(load.failures.most_common(5)),
        "seconds": seconds,
        "latencies": sorted(load.latencies),
        "requests": sum(account.connection.requests for account in accounts) - sent,
        "cpu": cpu,
    }


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description="Place ACME orders over several connections.")
    parser.add_argument("--directory", required=True, help="address of the ACME directory")
    parser.add_argument("--bundle", required=True, type=Path, help="CA certificates of the server, PEM")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--orders", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=30, help="no order is begun after that")
    parser.add_argument("--answers-port", type=int, default=0, help="where http-01 is to be answered; 0: nowhere")
    print(json.dumps(asyncio.run(drive(parser.parse_args()))), flush=True)


if __name__ == "__main__":
    main()
