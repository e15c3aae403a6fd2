from pathlib import Path

import pytest

from steadygo.commands.env.sides import resolve
from steadygo.errors import UserError

TEXT = """\
ARG GO=1.26.3
FROM golang:${GO}-bookworm AS build
RUN go build -o /app ./cmd/orders
FROM debian:11-slim AS base
ENV TZ=Europe/Berlin LISTEN=:80
ARG VERSION
ENV VERSION=$VERSION
FROM base
COPY --from=build /app /app
ENV LISTEN=:8080
USER 1000:1000
ENTRYPOINT ["/app"]
FROM gcr.io/distroless/static-debian12 AS tiny
USER nonroot
"""


def values(path: Path, stage: str) -> dict[str, str | None]:
    path.write_text(TEXT)
    return {k: v.value for k, v in resolve(f"dockerfile:{path}#{stage}", Path()).values.items()}


def test_a_stage_inherits_what_it_is_built_on(tmp_path: Path) -> None:
    text = TEXT.replace("FROM base\n", "FROM base AS final\n")
    (tmp_path / "Dockerfile").write_text(text)
    found = {k: v.value for k, v in resolve(f"dockerfile:{tmp_path / 'Dockerfile'}#final", Path()).values.items()}
    assert (found["env.TZ"], found["env.LISTEN"]) == ("Europe/Berlin", ":8080")
    assert (found["libc.version"], found["os.version"]) == ("2.31", "11")
    assert (found["go.version"], found["go.env.GOTOOLCHAIN"]) == ("go1.26.3", "local")
    assert (found["process.user"], found["image.entrypoint"]) == ("1000", "/app")
    assert found["env.VERSION"] is None


def test_the_last_stage_ships_unless_one_is_named(tmp_path: Path) -> None:
    found = values(tmp_path / "Dockerfile", "")
    assert (found["libc.name"], found["process.user"]) == ("none", None)
    with pytest.raises(UserError, match="Its stages: build, base, tiny"):
        values(tmp_path / "Dockerfile", "prod")
