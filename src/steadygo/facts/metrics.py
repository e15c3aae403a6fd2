"""Metrics that Go code exports: Prometheus client, OpenTelemetry, VictoriaMetrics, expvar; and what well-known collectors export."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from functools import cached_property

from steadygo.facts import goinputs
from steadygo.facts.go import Call, Composite, GoFile
from steadygo.facts.gocode import GoCode
from steadygo.facts.goinputs import UNKNOWN, Input
from steadygo.facts.gotext import called, pieces
from steadygo.findings import Place

_CLIENT = "github.com/prometheus/client_golang/prometheus"
_OPTS = tuple(f"{_CLIENT}.{kind}Opts" for kind in ("Counter", "Gauge", "Histogram", "Summary", "Untyped", ""))
_NEW = re.compile(r"New(Counter|Gauge|Histogram|Summary|Untyped)(Vec|Func)?(From)?\Z")
_OTEL = re.compile(r"(Int64|Float64)(Observable)?(Counter|UpDownCounter|Histogram|Gauge)\Z")
_OTEL_UNITS = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "By": "bytes", "KiBy": "kibibytes", "1": "ratio", "%": "percent"}
_VICTORIA = re.compile(r"(?:GetOrCreate|New)(Counter|FloatCounter|Gauge|Histogram|Summary|SummaryExt)\Z")
_KINDS = {"Counter": "counter", "Gauge": "gauge", "Histogram": "histogram", "Summary": "summary", "Untyped": "untyped"}
_SUFFIXES = ("_bucket", "_count", "_sum", "_total", "_created")
_FOREIGN = (
    "github.com/uber-go/tally", "github.com/hashicorp/go-metrics", "github.com/armon/go-metrics", "go.opencensus.io/stats",
    "github.com/rcrowley/go-metrics", "github.com/DataDog/datadog-go", "k8s.io/component-base/metrics", "github.com/zeromicro/go-zero",
    "github.com/slok/go-http-metrics", "github.com/VictoriaMetrics/metrics/", "gofr.dev", "github.com/prometheus/statsd_exporter",
)  # fmt: skip
"""Libraries whose metrics get names that cannot be read from the code."""

_COLLECTED = re.compile(
    r"(?:go_|process_|promhttp_|grpc_(?:server|client)_|up$|ALERTS|scrape_|kube_|container_|node_|probe_|machine_|net_conntrack_|"
    r"kubelet_|apiserver_|rest_client_|workqueue_|controller_runtime_|certwatcher_|http_server_|http_client_|rpc_server_|rpc_client_|"
    r"otel|target_info|prometheus_|alertmanager_|nginx_|envoy_|istio_|traefik_|haproxy_|pg_|mysql_|redis_|memcached_|etcd_|cadvisor_|"
    r"windows_|aws_|cloudwatch_|kafka_|jvm_|coredns_|absent|vector|systemd_|namedprocess_|certmanager_|argocd_|loki_|tempo_|grafana_)"
)
"""Prefixes that well-known exporters and libraries use."""

_COMMON = {
    "http", "grpc", "api", "app", "application", "db", "sql", "database", "queue", "job", "jobs", "cache", "client", "server", "request",
    "requests", "rpc", "service", "system", "error", "errors", "worker", "task", "tasks", "memory", "cpu", "disk", "network", "total",
    "active", "current", "health", "build", "version", "info", "latency", "response", "user", "users", "event", "events", "message",
}  # fmt: skip
"""First words that many programs use."""


@dataclass(frozen=True)
class Metric:
    """kind: counter gauge histogram summary untyped, or "" where it is not seen. `name` holds UNKNOWN where a part was not seen.

    `labels` are the variable labels; `holder` is what holds the metric ("RequestDuration", "m.requests"); `unit` as OpenTelemetry has it.
    """

    name: str
    kind: str
    at: Place
    file: GoFile
    block: int
    labels: tuple[str, ...] = ()
    holder: str = ""
    namespace: str = ""
    opentelemetry: bool = False
    unit: str = ""

    @property
    def whole(self) -> bool:
        return UNKNOWN not in self.name and bool(self.name)

    def names(self) -> set[str]:
        """Every name a query may use for it."""
        if not self.opentelemetry:
            return {self.name}
        stem = re.sub(r"[^A-Za-z0-9_:]", "_", self.name)
        with_unit = f"{stem}_{_OTEL_UNITS.get(self.unit, self.unit)}" if self.unit else stem
        return {stem, with_unit, f"{stem}_total", f"{with_unit}_total", f"{stem}_ratio"}


class Metrics:
    """All metrics of one repository, tests left out. Get it with `of(code)`."""

    def __init__(self, code: GoCode) -> None:
        self._code = code
        self._inputs = goinputs.of(code)
        self._given: dict[str, bool] = {}
        found: list[Metric] = []
        for file, composite in code.composites(*_OPTS):
            found += self._options(file, composite)
        for file, call in code.calls(f"{_CLIENT}.NewDesc"):
            if call.args:
                found += self._described(file, call)
        for file in code.files:
            if not file.is_test:
                found += self._by_calls(file)
        self.all: tuple[Metric, ...] = tuple(found)

    # what is exported

    @cached_property
    def exported(self) -> set[str]:
        """Whole names, without the suffixes of histograms and summaries."""
        return {name for m in self.all if m.whole for name in m.names()}

    @cached_property
    def unseen(self) -> list[str]:
        """Names of which a part was not seen."""
        return [m.name for m in self.all if not m.whole]

    @cached_property
    def prefixes(self) -> set[str]:
        """First words and namespaces that only this repository's metrics have."""
        words: set[str] = set()
        for metric in self.all:
            if metric.whole:
                words.add(re.split(r"[_:.]", metric.name, maxsplit=1)[0])
                if metric.namespace:
                    words.add(metric.namespace)
        return {w for w in words if w and w not in _COMMON and not _COLLECTED.match(f"{w}_")}

    def is_unknown(self, name: str, recorded: set[str]) -> bool:
        """Whether a query's metric is one that this repository should export, and does not."""
        if _COLLECTED.match(name) or name in recorded or ":" in name:
            return False
        prefixes = [p for p in self.prefixes if name.startswith(f"{p}_")]
        if not prefixes or self.named_elsewhere or any(self.given_away(p) for p in prefixes):
            return False
        exported = self.exported | recorded
        stems = {name, *(name.removesuffix(s) for s in _SUFFIXES)}
        if any(s in exported or f"{s}_total" in exported for s in stems):
            return False
        return not any(_may_be(pattern, s) for pattern in self.unseen for s in stems)

    @cached_property
    def named_elsewhere(self) -> bool:
        """Whether some library here gives metrics names that cannot be read from the code."""
        for file in self._code.files:
            if not file.is_test and any(i.path.startswith(_FOREIGN) for i in file.imports):
                return True
        return any(c.name.endswith("WrapRegistererWithPrefix") for f in self._code.files if not f.is_test for c in f.calls)

    def given_away(self, prefix: str) -> bool:
        """Known answers of `_given_away`."""
        if prefix not in self._given:
            self._given[prefix] = self._given_away(prefix)
        return self._given[prefix]

    def _given_away(self, prefix: str) -> bool:
        """Whether a namespace or prefix of that text is handed to something else than a metric: a library may export below it."""
        quoted = f'"{prefix}"'
        constants = {d.name for f in self._code.files if not f.is_test for d in f.declarations if d.value == quoted}
        constants |= {f"{p.name}.{n}" for p in self._code.packages.values() for n in constants}
        mine = {m.at for m in self.all}
        for file in self._code.files:
            if file.is_test:
                continue
            for composite in file.composites:
                if file.at(composite) not in mine and composite.type not in _OPTS:
                    for name, value in composite.fields:
                        if _names_prefix(name) and (value in (quoted, f'"{prefix}_"') or value in constants):
                            return True
            for assignment in file.assignments:
                for name, value in zip(assignment.names, assignment.values, strict=False):
                    if "." in name and _names_prefix(name) and (value in (quoted, f'"{prefix}_"') or value in constants):
                        return True
            for call in file.calls:
                if call.name.startswith((_CLIENT, "fmt.", "log", "errors.", "strings.")) or "/" not in call.name:
                    continue
                if any(a in (quoted, f'"{prefix}_"') or a in constants for a in call.args) and "metric" in call.name.lower() + str(
                    call.args
                ):
                    return True
        return False

    def nearest(self, name: str) -> Metric | None:
        """The exported metric that is spelled most like `name`."""
        by_name = {n: m for m in self.all if m.whole for n in m.names()}
        close = difflib.get_close_matches(name, by_name, 1, 0.5)
        return by_name[close[0]] if close else None

    # reading

    def _options(self, file: GoFile, composite: Composite) -> list[Metric]:
        fields = dict(composite.fields)
        if "Name" not in fields and not composite.fields:
            return []
        namespace = self._texts(file, fields.get("Namespace", '""'), composite.block)
        subsystem = self._texts(file, fields.get("Subsystem", '""'), composite.block)
        names = self._qualified(file, fields.get("Name", '""'), composite.block)
        maker = self._maker(file, composite)
        kind = composite.type.rpartition(".")[2].removesuffix("Opts")
        labels: tuple[str, ...] = ()
        holder = composite.results[0] if composite.results else ""
        if maker is not None:
            made = _NEW.search(maker.name)
            kind = made[1] if made else kind
            labels = self._labels(file, maker.args[1], maker.block) if made and made[2] == "Vec" and len(maker.args) > 1 else ()
            holder = maker.results[0] if maker.results else holder
        return [
            Metric("_".join(p for p in (n, s, m) if p), _KINDS.get(kind, ""), file.at(composite), file, composite.block, labels, holder, n)
            for n in namespace
            for s in subsystem
            for m in names
        ]

    def _maker(self, file: GoFile, composite: Composite) -> Call | None:
        """The NewCounterVec(…) that is given these options."""
        best: Call | None = None
        for call in file.calls:
            if call.block == composite.block and (call.line, call.column) <= (composite.line, composite.column) and _NEW.search(call.name):
                inside = call.args and "Opts" in call.args[0]
                if inside and (best is None or (call.line, call.column) >= (best.line, best.column)):
                    best = call
        if best is None or composite.line - best.line > 3:
            return None
        return best

    def _labels(self, file: GoFile, text: str, block: int) -> tuple[str, ...]:
        if "{" not in text or not text.endswith("}"):
            return ()
        inner = text[text.index("{") + 1 : -1]
        return tuple(v for v in (self._code.text(file, p, block) for p in pieces(inner, ",")) if v)

    def _described(self, file: GoFile, call: Call) -> list[Metric]:
        labels = self._labels(file, call.args[2], call.block) if len(call.args) > 2 else ()
        holder = call.results[0] if call.results else ""
        return [Metric(n, "", file.at(call), file, call.block, labels, holder) for n in self._qualified(file, call.args[0], call.block)]

    def _qualified(self, file: GoFile, text: str, block: int) -> list[str]:
        """A name, or prometheus.BuildFQName(namespace, subsystem, name)."""
        call = called(text)
        if call is not None and call[0].endswith("BuildFQName") and len(call[1]) == 3:
            parts = [self._texts(file, a, block) for a in call[1]]
            return ["_".join(p for p in (n, s, m) if p) for n in parts[0] for s in parts[1] for m in parts[2]]
        return self._texts(file, text, block)

    def _texts(self, file: GoFile, text: str, block: int) -> list[str]:
        held: Input = self._inputs.follow(file, text, block)
        if held.whole and held.texts:
            return list(held.texts)
        return [*held.texts, UNKNOWN] if not any(UNKNOWN in t for t in held.texts) else list(held.texts)

    def _by_calls(self, file: GoFile) -> list[Metric]:
        paths = [i.path for i in file.imports]
        otel = any(p.startswith("go.opentelemetry.io/otel") for p in paths)
        victoria = "github.com/VictoriaMetrics/metrics" in paths
        found: list[Metric] = []
        if not otel and not victoria:
            return found
        for call in file.calls:
            last = call.name.rpartition(".")[2]
            if not call.args:
                continue
            if otel and call.receiver and (made := _OTEL.match(last)):
                units = [c[1][0] for c in (called(a) for a in call.args[1:]) if c and c[0].endswith("WithUnit") and c[1]]
                unit = self._code.text(file, units[0], call.block) or "" if units else ""
                holder = call.results[0] if call.results else ""
                kind = {"Counter": "counter", "Histogram": "histogram"}.get(made[3], "gauge")
                found += [
                    Metric(n, kind, file.at(call), file, call.block, (), holder, "", True, unit)
                    for n in self._texts(file, call.args[0], call.block)
                ]
            elif victoria and (made := _VICTORIA.search(last)):
                kind = _KINDS.get(made[1].removeprefix("Float").removesuffix("Ext"), "")
                names = [n.partition("{")[0] for n in self._texts(file, call.args[0], call.block)]
                found += [Metric(name, kind, file.at(call), file, call.block) for name in names]
        return found


def _may_be(pattern: str, name: str) -> bool:
    """Whether a name of which parts were not seen may be `name`. One of which nothing was seen may be anything."""
    return re.fullmatch(".*".join(re.escape(p) for p in pattern.split(UNKNOWN)), name) is not None


def _names_prefix(name: str) -> bool:
    lower = name.rpartition(".")[2].lower()
    return lower.endswith(("namespace", "prefix")) or lower in ("subsystem", "servicename", "program", "metricsname")


def of(code: GoCode) -> Metrics:
    """The view over `code`, made once."""
    found = code.memo.get("metrics")
    if not isinstance(found, Metrics):
        found = code.memo["metrics"] = Metrics(code)
    return found
