package store

import (
	"context"
	"database/sql"
	"time"
)

const leaseTTL = 15 * time.Second

// AcquireLease makes holder the only one that may send events until the lease expires.
func (s *Store) AcquireLease(ctx context.Context, name, holder string) (bool, error) {
	var current string
	var expiresAt time.Time
	err := s.db.QueryRowContext(ctx, `SELECT holder, expires_at FROM leases WHERE name = $1`, name).Scan(&current, &expiresAt)
	if err != nil && err != sql.ErrNoRows {
		return false, err
	}
	if err == nil && current != holder && time.Now().Before(expiresAt) {
		return false, nil
	}
	_, err = s.db.ExecContext(ctx, `INSERT INTO leases (name, holder, expires_at) VALUES ($1, $2, $3)
		ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at`,
		name, holder, time.Now().Add(leaseTTL))
	return err == nil, err
}
