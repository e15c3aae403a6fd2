// Package reports answers the back office's questions from the read replica.
package reports

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

const maxOpenConns = 5

// Reports reads from the replica.
type Reports struct {
	db *sql.DB
}

// Open connects to the replica.
func Open(driver, url string, registry prometheus.Registerer) (*Reports, error) {
	db, err := sql.Open(driver, url)
	if err != nil {
		return nil, fmt.Errorf("open replica: %w", err)
	}
	db.SetMaxOpenConns(maxOpenConns)
	db.SetMaxIdleConns(2)
	db.SetConnMaxLifetime(30 * time.Minute)
	db.SetConnMaxIdleTime(5 * time.Minute)
	if err := registry.Register(collectors.NewDBStatsCollector(db, "reports")); err != nil {
		return nil, errors.Join(fmt.Errorf("measure pool: %w", err), db.Close())
	}
	return &Reports{db: db}, nil
}

// Close closes the connections to the replica.
func (r *Reports) Close() error { return r.db.Close() }

// Revenue sums up what was sold of an article.
func (r *Reports) Revenue(ctx context.Context, sku string) (int64, error) {
	var cents int64
	row := r.db.QueryRowContext(ctx, `SELECT COALESCE(SUM(cents), 0) FROM orders WHERE sku = $1`, sku)
	if err := row.Scan(&cents); err != nil {
		return 0, fmt.Errorf("revenue of %s: %w", sku, err)
	}
	return cents, nil
}
