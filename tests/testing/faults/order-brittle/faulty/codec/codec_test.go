package codec

import (
	"strings"
	"testing"
)

func TestBadHeader(t *testing.T) {
	if err := Decode(";;", nil, nil); err == nil {
		t.Fatal("no error")
	}
}

func TestUnknownKind(t *testing.T) {
	err := Decode("text/x-unheard", nil, nil)
	if err == nil || !strings.Contains(err.Error(), "text/x-unheard") {
		t.Fatal(err)
	}
}

func TestRegister(t *testing.T) {
	Register("Application/JSON", JSON) // FAULT
	var got struct{ ID int }
	if err := Decode("application/json", []byte(`{"id": 7}`), &got); err != nil || got.ID != 7 {
		t.Fatal(got, err)
	}
}

func TestJSON(t *testing.T) {
	var got []int
	if err := JSON([]byte("[1,2]"), &got); err != nil || len(got) != 2 {
		t.Fatal(got, err)
	}
}

func TestCharsetIsIgnored(t *testing.T) {
	var got map[string]string
	if err := Decode("application/json; charset=utf-8", []byte(`{"a":"b"}`), &got); err != nil {
		t.Fatal(err)
	}
	if got["a"] != "b" {
		t.Fatal(got)
	}
}

func TestJSONRefusesHalves(t *testing.T) {
	var got any
	if JSON([]byte("{"), &got) == nil {
		t.Fatal("no error")
	}
}
