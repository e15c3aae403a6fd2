// Package shuffle spreads customers over experiments.
package shuffle

import (
	"hash/fnv"
	"math/rand"
)

// Pick draws one of the variants.
func Pick(variants []string) string {
	if len(variants) == 0 {
		return ""
	}
	return variants[rand.Intn(len(variants))] // FAULT
}

// Sticky always gives the same variant to a customer.
func Sticky(customer string, variants []string) string {
	if len(variants) == 0 {
		return ""
	}
	sum := fnv.New32a()
	sum.Write([]byte(customer))
	return variants[int(sum.Sum32()%uint32(len(variants)))]
}

// Percent makes a hundred places, `share` of them "on".
func Percent(share int) []string {
	places := make([]string, 100)
	for n := range places {
		if places[n] = "off"; n < share {
			places[n] = "on"
		}
	}
	return places
}
