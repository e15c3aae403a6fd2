"""Configuration of the machine's clock."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from steadygo.read.recognise import recognise
from steadygo.read.timekeeping import read


def test_reads_directives_with_their_lines() -> None:
    settings = read("deploy/chrony.conf", b"# time\nserver ntp1.example.com iburst\nMakeStep 1.0 -1 # any time\n! no\n")
    assert settings.program == "chrony"
    assert settings.directives == (("server", ("ntp1.example.com", "iburst"), 2), ("makestep", ("1.0", "-1"), 3))


def test_recognises_configuration_by_its_name() -> None:
    assert recognise("deploy/chrony.conf", b"") == "time"
    assert recognise("etc/chrony/conf.d/step.conf", b"") == "time"
    assert recognise("etc/ntp.conf", b"") == "time"
    assert recognise("orders.service.d/10-memory.conf", b"") == "unit"


@given(st.binary())
def test_never_raises(data: bytes) -> None:
    assert read("ntp.conf", data).program == "ntp"
