package logging

import (
	"bytes"
	"strings"
	"testing"
)

func TestEveryRecordOfARequestCarriesItsTraceID(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	ctx := WithTrace(t.Context(), "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	New(&out, "info").With("part", "api").InfoContext(ctx, "answered")
	if !strings.Contains(out.String(), `"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736"`) {
		t.Error(out.String())
	}
}
