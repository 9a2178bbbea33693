"""Where a search runs: this machine, or the workers of a Dask cluster."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib.util import find_spec
from typing import Any, cast
from urllib.parse import urlsplit

import numpy as np
import sklearn
from joblib import parallel_config

from jeeves import __version__
from jeeves.errors import ClusterUnavailable, ConfigError

_ANSWER_SECONDS = 10
#: Inside it, joblib's Parallel works on the chosen place; takes what all tasks share.
Place = Callable[[Any], AbstractContextManager[object]]


@contextmanager
def on_cluster(address: str | None) -> Iterator[Place]:
    """The place at ``address``, as ``tcp://host:8786``; this machine where it is None.

    Raises:
        ConfigError: Dask is not installed, the address is none, or the workers have not the
            versions that are here.
        ClusterUnavailable: no scheduler answers, it has no worker, or it was lost meanwhile.
    """
    if address is None:
        yield lambda _: nullcontext()
        return
    missing = [name for name in ("dask", "distributed") if find_spec(name) is None]
    if missing:
        raise ConfigError(
            "The search on a cluster needs dask and distributed, which are not installed: "
            "pip install 'jeeves[dask]', or leave out --dask."
        )
    from distributed.client import Client, FutureCancelledError
    from distributed.comm.core import CommClosedError
    from distributed.scheduler import KilledWorker

    # What it has to say of a lost connection is said by our one sentence.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    try:
        _knock(address)
        client: Any = cast(Any, Client)(address, timeout=_ANSWER_SECONDS, set_as_default=False)
    except (OSError, TimeoutError) as exc:
        raise ClusterUnavailable(
            f"No Dask scheduler answers at {address}: start one (`dask scheduler`) or mend the "
            "address."
        ) from exc
    except (ValueError, ImportError) as exc:
        raise ConfigError(
            f"{address!r} is no address of a Dask scheduler: it must be like tcp://host:8786."
        ) from exc
    with client:
        _check_workers(client, address)
        try:
            yield lambda shared: parallel_config(backend="dask", client=client, scatter=[shared])
        except (CommClosedError, FutureCancelledError, KilledWorker, TimeoutError) as exc:
            raise ClusterUnavailable(
                f"The Dask cluster at {address} was lost ({type(exc).__name__}): start the same "
                "search again, it goes on with the trials that are not done."
            ) from exc


def _knock(address: str) -> None:
    """Raise OSError where nobody listens: a Client that finds nobody may hang at its end."""
    place = urlsplit(address)
    if place.hostname and place.port:
        socket.create_connection((place.hostname, place.port), _ANSWER_SECONDS).close()


def _check_workers(client: Any, address: str) -> None:
    """Other versions would give other numbers."""
    try:
        found = client.run(versions)
    except (ImportError, AttributeError) as exc:
        raise ConfigError(
            f"The Dask workers at {address} cannot import this version of Jeeves: install it there."
        ) from exc
    if not found:
        raise ClusterUnavailable(
            f"The Dask scheduler at {address} has no worker: start one (`dask worker {address}`)."
        )
    other = sorted(worker for worker, have in found.items() if have != versions())
    if other:
        raise ConfigError(
            f"The Dask worker {other[0]} has other versions than this machine ("
            f"{_words(found[other[0]])} instead of {_words(versions())}): install the same there."
        )


def versions() -> dict[str, str]:
    """What must be the same on all machines for the same numbers."""
    return {
        "jeeves": __version__,
        "numpy": np.__version__,
        "scikit-learn": sklearn.__version__,
    }


def _words(of: dict[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in of.items())
