"""systemd unit files."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from steadygo.facts.units import Directive
from steadygo.read.unit import read

UNIT = b"""# orders
[Unit]
Description=Orders

[Service]
ExecStart=/usr/bin/orders \\
  # a comment inside
  --listen :8080 \\
; another
  --verbose
Environment="A=1 2"
Restart = always
Empty=
Backslashes=C:\\\\
Type=notify\r
"""


def test_joins_continued_lines_around_comments() -> None:
    unit = read("deploy/orders.service", UNIT)
    assert unit.name == "orders.service"
    start = unit.find("Service", "ExecStart")
    assert start is not None
    assert (start.value.split(), start.line) == (["/usr/bin/orders", "--listen", ":8080", "--verbose"], 6)
    assert unit.gaps == ()


def test_keeps_quotes_and_strips_space_around_names_and_values() -> None:
    unit = read("orders.service", UNIT)
    assert unit.directives[2:] == (
        Directive("Service", "Environment", '"A=1 2"', 11),
        Directive("Service", "Restart", "always", 12),
        Directive("Service", "Empty", "", 13),
        Directive("Service", "Backslashes", "C:\\\\", 14),
        Directive("Service", "Type", "notify", 15),
    )


def test_an_empty_line_ends_a_continued_one() -> None:
    unit = read("a.service", b"[Service]\nExecStart=/bin/a \\\n\nType=simple\n")
    assert [(d.name, d.value) for d in unit.directives] == [("ExecStart", "/bin/a"), ("Type", "simple")]


def test_says_what_systemd_ignores() -> None:
    unit = read("a.service", b"A=1\n[Service]\nnothing\n=x\n[Broken\n")
    assert [gap.line for gap in unit.gaps] == [1, 3, 4, 5]
    assert unit.directives == ()


def test_a_drop_in_names_its_unit() -> None:
    assert read("etc/orders.service.d/10-x.conf", b"[Service]\nA=1\n").drop_in_of == "orders.service"
    assert read("etc/service.d/10-x.conf", b"[Service]\nA=1\n").drop_in_of == "service"
    assert read("etc/orders.service", b"").drop_in_of == ""


def test_a_template_for_configure_is_named_without_its_end() -> None:
    unit = read("orders.service.in", b"[Service]\nExecStart=@bindir@/orders\n")
    assert unit.name == "orders.service"
    assert [gap.line for gap in unit.gaps] == [2]


def test_other_files_of_the_same_suffix_state_nothing() -> None:
    for text in (b"[D-BUS Service]\nName=a\nExec=/bin/a\n", b'<?xml version="1.0"?>\n<service-group/>\n', b"\0\1"):
        unit = read("org.a.service", text)
        assert unit.directives == ()
        assert unit.gaps


@given(st.binary() | st.text(alphabet="[]=\\\n\r #;ab").map(str.encode))
def test_never_raises(data: bytes) -> None:
    read("a.service", data)
