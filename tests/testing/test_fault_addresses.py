"""Where a dependency is, in every spelling that Go programs use."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadygo.testing.faults.addresses import Address, NoAddress, found, rewritten


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("localhost:5432", "127.0.0.1:1"),
        (":6379", "127.0.0.1:1"),
        ("[::1]:6379", "127.0.0.1:1"),
        ("a:1,b:2, [fe80::1]:3", "127.0.0.1:1,127.0.0.1:2,127.0.0.1:3"),
        ("postgres://u:p%40w@db/orders?sslmode=disable", "postgres://u:p%40w@127.0.0.1:1/orders?sslmode=disable"),
        ("postgres://u:p@w@db:5433/orders", "postgres://u:p@w@127.0.0.1:1/orders"),
        ("mongodb://u:p@a:1,b/db?replicaSet=r", "mongodb://u:p@127.0.0.1:1,127.0.0.1:2/db?replicaSet=r"),
        ("redis://[2001:db8::1]:6379/0", "redis://127.0.0.1:1/0"),
        ("redis://cache", "redis://127.0.0.1:1"),
        ("postgresql+asyncpg://db/x", "postgresql+asyncpg://127.0.0.1:1/x"),
        ("jdbc:postgresql://db:5432/x", "jdbc:postgresql://127.0.0.1:1/x"),
        ("http://api.internal?x=a@b", "http://127.0.0.1:1?x=a@b"),
        ("app:s3cret@tcp(db:3306)/orders?parseTime=true", "app:s3cret@tcp(127.0.0.1:1)/orders?parseTime=true"),
        ("app:s(3)@c/ret@tcp(db)/orders", "app:s(3)@c/ret@tcp(127.0.0.1:1)/orders"),
        ("tcp([::1]:3306)/", "tcp(127.0.0.1:1)/"),
        ("app@tcp/orders", "app@tcp(127.0.0.1:1)/orders"),
        ("mysql://app:pw@tcp(db:3307)/orders", "mysql://app:pw@tcp(127.0.0.1:1)/orders"),
        ("host=db port=5433 user=app password=x", "host=127.0.0.1 port=1 user=app password=x"),
        ("user=app host='db' dbname=x", "user=app host=127.0.0.1 dbname=x port=1"),
        ("host=a,b port=1,2", "host=127.0.0.1,127.0.0.1 port=1,2"),
    ],
)
def test_rewrites(text: str, expected: str) -> None:
    ports = iter(range(1, 9))
    assert rewritten(text, lambda _: Address("127.0.0.1", next(ports))) == expected


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "no host and port"),
        ("orders.db", "no host and port"),
        ("::1:6379", "no host and port"),
        ("db:99999", "1 to 65535"),
        ("app@unix(/run/mysqld.sock)/x", "connects by unix"),
        ("postgres:///orders?host=/run/postgresql", "Unix socket"),
        ("postgres://u:p@%2Frun%2Fpostgresql/x", "Unix socket"),
        ("host=/run/postgresql user=app", "Unix socket"),
        ("mongodb+srv://u:p@cluster.example.com/x", "SRV"),
        ("strange://db/x", "no host and port"),
    ],
)
def test_says_why_it_cannot(text: str, sentence: str) -> None:
    with pytest.raises(NoAddress, match=sentence):
        found(text)


HOST = st.from_regex(r"[a-z][a-z0-9-]{0,10}(\.[a-z]{1,5}){0,2}", fullmatch=True) | st.ip_addresses(v=6).map(str)
SECRET = st.text(alphabet="abcXYZ019_!$*()@:", max_size=12)
FORMS = ("{0}", "postgres://u:{s}@{0}/db?x=1", "u:{s}@tcp({0})/db", "redis://:{s}@{0}")


@given(HOST, st.integers(1, 65535), SECRET, st.sampled_from(FORMS), HOST, st.integers(1, 65535))
def test_changes_the_address_and_nothing_else(host: str, port: int, secret: str, form: str, other: str, new: int) -> None:
    before, after = Address(host, port), Address(other, new)
    text = form.format(before, s=secret)
    assert found(text) == [before]
    assert rewritten(text, lambda _: after) == form.format(after, s=secret)


@given(st.text(max_size=60))
def test_any_text_gives_an_answer_or_a_sentence(text: str) -> None:
    try:
        addresses = found(text)
    except NoAddress:
        return
    assert addresses and all(0 < a.port < 65536 for a in addresses)
