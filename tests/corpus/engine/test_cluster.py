"""A cluster that does not answer is said soon."""

import socket

import pytest

from zaohua.corpus.engine.cluster import UnreachableError, connected


@pytest.mark.slow
def test_an_address_where_nothing_listens_is_one_sentence():
    pytest.importorskip("ray")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (
        pytest.raises(UnreachableError, match=f"no Ray cluster answers at 127.0.0.1:{port}"),
        connected(f"127.0.0.1:{port}"),
    ):
        pass
