package labels

import "testing"

func TestNoLabels(t *testing.T) {
	if Text(nil) != "{}" {
		t.Fatal(Text(nil))
	}
}

func TestOneLabel(t *testing.T) {
	if got := Text(map[string]string{"job": "api"}); got != `{job="api"}` {
		t.Fatal(got)
	}
}

func TestQuotes(t *testing.T) {
	if got := Text(map[string]string{"path": `a"b`}); got != `{path="a\"b"}` {
		t.Fatal(got)
	}
}

func TestTwoLabels(t *testing.T) {
	if got := Text(map[string]string{"code": "200", "job": "api"}); got != `{code="200",job="api"}` {
		t.Fatal(got)
	}
}

func TestValid(t *testing.T) {
	for name, want := range map[string]bool{"a1": true, "1a": false, "": false, "_x": true, "a-b": false} {
		if Valid(name) != want {
			t.Errorf("%q", name)
		}
	}
}

func TestMerge(t *testing.T) {
	got := Merge(map[string]string{"a": "1", "b": "1"}, map[string]string{"b": "2"})
	if len(got) != 2 || got["b"] != "2" {
		t.Fatal(got)
	}
}
