from pathlib import Path

import pytest

from steadygo.environment.compare import compare
from steadygo.environment.fingerprint import Fingerprint, Value
from steadygo.environment.gate import Policy, decide, four_way, load_policy
from steadygo.environment.impact import Impact
from steadygo.errors import BadSettings
from steadygo.findings import Verdict


def side(values: dict[str, str], *closed: str) -> Fingerprint:
    return Fingerprint("here", "here", {k: Value(v, "test") for k, v in values.items()}, closed)


A = side({"time.zone": "UTC", "cpu.count": "8", "env.PATH": "/a", "binary.go": "go1.27.3", "cgroup.memory.max": "1"}, "env.")
B = side({"time.zone": "Asia/Tokyo", "cpu.count": "4", "env.PATH": "/b", "env.GODEBUG": "tls3des=1", "cgroup.memory.max": "2"}, "env.")


def blocking(policy: Policy) -> list[str]:
    return [d.key for d in decide(compare(A, B), policy).blocking]


def test_fatal_and_behaviour_block_unless_they_differ_by_nature() -> None:
    assert blocking(Policy()) == ["env.GODEBUG", "cgroup.memory.max", "time.zone"]


def test_the_policy_decides() -> None:
    assert blocking(Policy(block=(Impact.FATAL,))) == ["env.GODEBUG"]
    assert blocking(Policy(block=(), block_keys=("cpu.*", "env.PATH"))) == ["env.PATH", "cpu.count"]
    assert blocking(Policy(allow=("time.*", "cgroup.*"))) == ["env.GODEBUG"]
    assert blocking(Policy(allow=("*",))) == []


def test_the_policy_is_read_from_the_nearest_settings(tmp_path: Path) -> None:
    (tmp_path / "steadygo.toml").write_text('[env]\nblock = ["fatal"]\nallow = ["git.*"]\n')
    (tmp_path / "cmd").mkdir()
    assert load_policy(tmp_path / "cmd") == Policy((Impact.FATAL,), (), ("git.*",))
    assert load_policy(Path("/")) == Policy()


def test_nothing_in_common_is_no_pass() -> None:
    assert decide(compare(side({"cpu.count": "8"}), side({"os.id": "debian"})), Policy()).verdict is Verdict.NOT_KNOWN
    assert decide(compare(A, A), Policy()).verdict is Verdict.PASS
    assert decide(compare(A, B), Policy()).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[env]\nalow = []\n", "Did you mean allow"),
        ('[env]\nblock = ["mild"]\n', "mild"),
        ("env = 1\n", "must be a table"),
        ("[env", "cannot be read"),
    ],
)
def test_a_wrong_policy_is_one_sentence(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "steadygo.toml").write_text(text)
    with pytest.raises(BadSettings, match=said):
        load_policy(tmp_path)


def test_the_table_tells_unset_from_not_known() -> None:
    rows = {r.key: r.cells for r in four_way({"developer": A, "ci": side({"time.zone": "Etc/UTC"}), "host": B}, None)}
    assert rows["time.zone"] == ("UTC", "Etc/UTC", "Asia/Tokyo")
    assert rows["env.GODEBUG"] == ("–", "?", "tls3des=1")
    assert "cpu.count" in rows
