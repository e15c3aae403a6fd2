"""systemd's own small languages, checked against systemd 252's systemd-analyze and its documented examples."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadygo.facts.units import Directive, Unit, environment, exec_commands, exec_words, merge, seconds, size, split_words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90", 90),
        ("1min 30s", 90),
        ("2 30", 32),
        ("1.5h", 5400),
        ("5 min20s", 320),
        ("1s5ms", 1.005),
        ("12.34 .56", 12.9),
        ("1M", 2_629_800),
        ("1µs", 1e-6),
        ("+5", 5),
        ("0", 0),
        ("infinity", inf),
        ("3.sec", None),
        ("12.34.56", None),
        ("5x", None),
        ("-1", None),
        ("0x10", None),
        ("", None),
    ],
)
def test_reads_time_spans_as_systemd_does(text: str, expected: float | None) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("512M", 512 * 1024**2),
        ("1.5G", 1.5 * 1024**3),
        ("1G 500M", 1024**3 + 500 * 1024**2),
        ("1024", 1024),
        ("infinity", inf),
        ("80%", None),
        ("512MB", None),
        ("500M 1G", None),
        ("", None),
    ],
)
def test_reads_sizes_as_systemd_does(text: str, expected: float | None) -> None:
    assert size(text) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("/bin/echo one ; /bin/echo two", [("", ("/bin/echo", "one")), ("", ("/bin/echo", "two"))]),
        (r"/bin/echo a \; b", [("", ("/bin/echo", "a", ";", "b"))]),
        ("/bin/echo a; b", [("", ("/bin/echo", "a;", "b"))]),
        ("-!!/bin/x", [("-!!", ("/bin/x",))]),
        ("@/bin/x argv0 y", [("@", ("/bin/x", "argv0", "y"))]),
        ("+-:/bin/x $A ${B}", [("+-:", ("/bin/x", "$A", "${B}"))]),
        (r"""/bin/sh -c 'a "b" \' c'""", [("", ("/bin/sh", "-c", 'a "b" \' c'))]),
        (r"/bin/x \x41\101\u00e4\s.", [("", ("/bin/x", "AAä ."))]),
        (r'/bin/grep "\d+"', [("", ("/bin/grep", r"\d+"))]),
        ('/bin/x ""', [("", ("/bin/x", ""))]),
        ("/bin/x 'open", []),
        ("", []),
    ],
)
def test_splits_commands_as_systemd_does(value: str, expected: list[tuple[str, tuple[str, ...]]]) -> None:
    assert exec_commands(value) == expected
    assert exec_words(value) == (expected[0] if expected else ("", ()))


def test_reads_assignments_and_leaves_out_what_systemd_ignores() -> None:
    value = """A=1 "B=2 3" 'C=4"5' D="x y" 1X=2 E F="""
    assert environment(value) == [("A", "1"), ("B", "2 3"), ("C", '4"5'), ("D", "x y"), ("F", "")]


def test_merges_drop_ins_by_their_file_name() -> None:
    def drop_in(path: str, of: str, value: str) -> Unit:
        return Unit(path, path.rpartition("/")[2], (Directive("Service", "Restart", value, 2),), of)

    unit = Unit("etc/orders@.service", "orders@.service", (Directive("Service", "Restart", "no", 3),))
    merged = merge(
        unit,
        [
            drop_in("etc/orders@.service.d/20-b.conf", "orders@.service", "always"),
            drop_in("etc/service.d/30-all.conf", "service", "on-failure"),
            drop_in("etc/service.d/20-b.conf", "service", "never seen"),
            drop_in("etc/other.service.d/99.conf", "other.service", "not ours"),
            drop_in("etc/orders-.service.d/99.conf", "orders-.service", "not ours"),
        ],
    )
    assert [(d.value, d.path) for d in merged.directives] == [
        ("no", ""),
        ("always", "etc/orders@.service.d/20-b.conf"),
        ("on-failure", "etc/service.d/30-all.conf"),
    ]


def test_a_drop_in_of_a_template_or_of_a_dashed_name_applies() -> None:
    unit = Unit("a-b@1.service", "a-b@1.service")
    directive = (Directive("Service", "X", "1", 1),)
    for of in ("a-b@.service", "a-.service", "service", "a-b@1.service"):
        assert merge(unit, [Unit("d/1.conf", "1.conf", directive, of)]).directives, of


@given(st.text(alphabet="ab 1.5smMG%'\"\\;x0u-+\t") | st.text())
def test_never_raises(text: str) -> None:
    seconds(text)
    size(text)
    split_words(text)
    exec_commands(text)
    environment(text)
