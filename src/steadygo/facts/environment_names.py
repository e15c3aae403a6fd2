"""Variables that the Go runtime, libraries or the platform read by themselves."""

from __future__ import annotations

import re

_FAMILIES = (
    *("OTEL", "AWS", "GOOGLE", "GCLOUD", "GCP", "CLOUDSDK", "AZURE", "ARM", "ALIBABA_CLOUD", "ALICLOUD", "OCI", "DIGITALOCEAN"),
    *("KUBERNETES", "POD", "NODE", "K8S", "PG", "POSTGRES", "MYSQL", "DD", "SENTRY", "NEW_RELIC", "ELASTIC_APM", "JAEGER", "ZIPKIN"),
    *("VAULT", "CONSUL", "NOMAD", "ETCDCTL", "DOCKER", "COMPOSE", "GRPC", "LC", "XDG", "GITHUB", "GITLAB", "CI", "SSL", "SSH", "GIT"),
    *("FLY", "RAILWAY", "RENDER", "HEROKU", "DYNO", "VERCEL", "SYSTEMD", "NOTIFY", "LISTEN", "WATCHDOG", "DBUS", "NVIDIA", "CUDA", "S6"),
    *("TRAEFIK", "VIRTUAL", "LETSENCRYPT", "NODE", "NPM", "PYTHON", "PIP", "DEBIAN", "APT", "JAVA", "LD", "MALLOC", "CGO", "GOTOOLCHAIN"),
    *("PYROSCOPE", "PARCA", "ROLLBAR", "HONEYCOMB", "LIGHTSTEP", "SPLUNK", "LOGGING_OPERATOR", "FC", "K", "FUNCTIONS", "GAE", "CNB", "BP"),
    *("CF", "VCAP", "ECS", "LAMBDA", "STRIPE_CLI", "TF", "PULUMI", "KO", "FFMPEG", "CHROME", "PUPPETEER", "VIPS", "MAGICK", "OPENSSL"),
)
_NAMES = frozenset(
    {
        *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "PWD", "OLDPWD", "HOSTNAME", "TERM", "LANG", "LANGUAGE", "TZ", "ZONEINFO", "TMPDIR"),
        *("TEMP", "TMP", "EDITOR", "PAGER", "DISPLAY", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "MAIL", "UID", "GID", "PUID", "PGID"),
        *("UMASK", "CONTAINER", "NAMESPACE", "SERVICE_NAME", "GIN_MODE", "GODEBUG", "GOGC", "GOMAXPROCS", "GOMEMLIMIT", "GOTRACEBACK"),
        *(
            "GOCOVERDIR",
            "GORACE",
            "GOROOT",
            "GOPATH",
            "GOBIN",
            "GOCACHE",
            "GOMODCACHE",
            "GOFLAGS",
            "GOPROXY",
            "GOPRIVATE",
            "GOOS",
            "GOARCH",
        ),
        *("GOARM", "GOAMD64", "GOSUMDB", "GONOSUMDB", "GONOPROXY", "GOEXPERIMENT", "GO111MODULE", "GO_VERSION", "GOLANG_VERSION", "GOENV"),
        *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "KUBECONFIG", "CREDENTIALS_DIRECTORY", "STATE_DIRECTORY", "AUTOMEMLIMIT"),
        *(
            "CACHE_DIRECTORY",
            "LOGS_DIRECTORY",
            "CONFIGURATION_DIRECTORY",
            "RUNTIME_DIRECTORY",
            "INVOCATION_ID",
            "JOURNAL_STREAM",
            "MAINPID",
        ),
        *("QUIC_GO_DISABLE_GSO", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "LOCALDOMAIN", "RES_OPTIONS", "HOSTALIASES", "INSTALL_DIR"),
        *("TINI_SUBREAPER", "TINI_KILL_PROCESS_GROUP", "DATABASE_NAME_PREFIX", "VERSION", "COMMIT", "BUILD_DATE"),
    }
)
_FAMILY = re.compile(
    rf"(?:{'|'.join(sorted(set(_FAMILIES)))})_|GOTRACE|"
    r"PG(?:HOST|HOSTADDR|PORT|DATABASE|USER|PASSWORD|PASSFILE|SERVICE|SERVICEFILE|OPTIONS|APPNAME|DATA|TZ|SSL\w+|\w+_TIMEOUT)$"
)


def read_by_others(name: str) -> bool:
    """Whether a library, the Go runtime, systemd, a shell or the platform reads the variable by itself."""
    upper = name.upper()
    return upper in _NAMES or _FAMILY.match(upper) is not None or not re.fullmatch(r"[A-Z][A-Z0-9_]*", name)


_PLATFORM = re.compile(
    r"KUBERNETES_|.*_SERVICE_(?:HOST|PORT)|.*_PORT_\d+_|K_|AWS_LAMBDA_|ECS_|WATCHDOG_|LISTEN_|.*_DIRECTORY$|XDG_|LC_|GITHUB_|"
    r"(?:HOME|PATH|HOSTNAME|PWD|USER|SHELL|TERM|LANG|TMPDIR|NOTIFY_SOCKET|INVOCATION_ID|JOURNAL_STREAM|MAINPID|DYNO)$"
)


def given_by_platform(name: str) -> bool:
    """Whether the kernel, systemd, a shell or the orchestrator sets the variable without being told to."""
    return _PLATFORM.match(name) is not None
