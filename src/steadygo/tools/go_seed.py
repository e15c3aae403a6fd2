"""Which numbers of `go test -shuffle` give an order with certain tests at its ends. Go's own generator is asked, since the order is its."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from steadygo.tools.run import run

_PROGRAM = """package main

import (
	"fmt"
	"math/rand"
	"os"
	"sort"
	"strconv"
)

func number(at int) int {
	value, err := strconv.Atoi(os.Args[at])
	if err != nil {
		panic(err)
	}
	return value
}

func main() {
	tests, first, last, wanted := number(1), number(2), number(3), number(4)
	type order struct{ seed, between int }
	var orders []order
	seen := map[string]bool{}
	for seed := 1; seed <= 4000; seed++ {
		permutation := make([]int, tests)
		for i := range permutation {
			permutation[i] = i
		}
		rand.New(rand.NewSource(int64(seed))).Shuffle(tests, func(i, j int) {
			permutation[i], permutation[j] = permutation[j], permutation[i]
		})
		begin, end, sorted := -1, tests, true
		for position, test := range permutation {
			if test == first {
				begin = position
			}
			if test == last {
				end = position
			}
			sorted = sorted && test == position
		}
		if key := fmt.Sprint(permutation); !sorted && !seen[key] && begin < end {
			seen[key] = true
			orders = append(orders, order{seed, end - begin})
		}
	}
	sort.SliceStable(orders, func(i, j int) bool { return orders[i].between > orders[j].between })
	for i := 0; i < len(orders) && i < wanted; i++ {
		fmt.Println(orders[i].seed)
	}
}
"""


def find(go: Path, scratch: Path, environment: Mapping[str, str], tests: int, first: int, last: int, wanted: int) -> list[str]:
    """Up to `wanted` seeds of differing orders of so many tests: `first` (-1: any) early and `last` late. Empty when go cannot run it."""
    program = scratch / "seeds"
    if not program.is_file():
        source = scratch / "seeds.go"
        source.write_text(_PROGRAM)
        own = {
            **environment,
            "GOENV": "off",
            "GOFLAGS": "",
            "GO111MODULE": "off",
            "GOWORK": "off",
            "CGO_ENABLED": "0",
            "GOOS": "",
            "GOARCH": "",
        }
        run([go, "build", "-o", program, source], directory=scratch, environment=own, timeout_seconds=300.0)
    ran = run([program, *map(str, (tests, first, last, wanted))], timeout_seconds=60.0)
    return ran.text.split() if ran.ok else []
