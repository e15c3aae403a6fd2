// Package receipt prints amounts the way people read them.
package receipt

import (
	"fmt"
	"os"
	"strings"
)

var decimalComma = map[string]bool{"de": true, "fr": true, "es": true, "it": true, "nl": true}

func language() string {
	for _, name := range []string{"LC_ALL", "LC_NUMERIC", "LANG"} { // FAULT
		if value := os.Getenv(name); value != "" { // FAULT
			tag, _, _ := strings.Cut(value, "_")
			return strings.ToLower(tag)
		}
	}
	return "en"
}

// Amount writes cents with two decimals.
func Amount(cents int64) string {
	point := "."
	if decimalComma[language()] {
		point = ","
	}
	return fmt.Sprintf("%d%s%02d", cents/100, point, cents%100)
}

// Line is one row of a receipt.
func Line(name string, count int, cents int64) string {
	return fmt.Sprintf("%-20.20s %3d × %s", name, count, Amount(cents))
}

// Rule separates rows.
func Rule(width int) string { return strings.Repeat("-", max0(width)) }

func max0(n int) int {
	if n < 0 {
		return 0
	}
	return n
}
