// Package migrations carries the statements that build PostgreSQL's tables.
package migrations

import "embed"

// Files are the migrations, applied in the order of their names.
//
//go:embed *.up.sql
var Files embed.FS
