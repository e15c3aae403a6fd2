package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

const (
	leaseName    = "outbox"
	leaseSeconds = 15
)

// ErrLeaseLost says that somebody else sends the outbox now.
var ErrLeaseLost = errors.New("lease lost")

// Event waits in the outbox until it was sent.
type Event struct {
	ID      int64
	OrderID string
	Cents   int64
}

// Lease is the right to send the outbox. Its token grows with each new holder, and writes of an earlier holder are refused.
type Lease struct{ Token int64 }

// Acquire gets or renews the lease, or gives ErrLeaseLost. Only the database's clock decides when a lease has run out.
func (s *Store) Acquire(ctx context.Context, holder string) (Lease, error) {
	var lease Lease
	row := s.db.QueryRowContext(ctx, `INSERT INTO leases (name, holder, token, expires_at) VALUES ($1, $2, 1, `+s.now+` + $3)
		ON CONFLICT (name) DO UPDATE SET
			token = CASE WHEN leases.holder = excluded.holder THEN leases.token ELSE leases.token + 1 END,
			holder = excluded.holder,
			expires_at = excluded.expires_at
		WHERE leases.holder = excluded.holder OR leases.expires_at < `+s.now+`
		RETURNING token`, leaseName, holder, leaseSeconds)
	err := row.Scan(&lease.Token)
	if errors.Is(err, sql.ErrNoRows) {
		return lease, ErrLeaseLost
	}
	if err != nil {
		return lease, fmt.Errorf("acquire lease: %w", err)
	}
	return lease, nil
}

// Pending returns the oldest events that were not sent, and how many wait in all.
func (s *Store) Pending(ctx context.Context, limit int) (events []Event, waiting int, err error) {
	if err := s.db.QueryRowContext(ctx, `SELECT COUNT(*) FROM outbox WHERE sent_at IS NULL`).Scan(&waiting); err != nil {
		return nil, 0, fmt.Errorf("count outbox: %w", err)
	}
	rows, err := s.db.QueryContext(ctx, `SELECT id, order_id, cents FROM outbox WHERE sent_at IS NULL ORDER BY id LIMIT $1`, limit)
	if err != nil {
		return nil, 0, fmt.Errorf("read outbox: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var e Event
		if err := rows.Scan(&e.ID, &e.OrderID, &e.Cents); err != nil {
			return nil, 0, fmt.Errorf("read outbox: %w", err)
		}
		events = append(events, e)
	}
	if err := rows.Err(); err != nil {
		return nil, 0, fmt.Errorf("read outbox: %w", err)
	}
	return events, waiting, nil
}

// MarkSent closes an event and sets its order's status, or gives ErrLeaseLost when another holder has taken over.
func (s *Store) MarkSent(ctx context.Context, lease Lease, e Event, status string) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `UPDATE outbox SET sent_at = `+s.now+` WHERE id = $1 AND sent_at IS NULL
			AND EXISTS (SELECT 1 FROM leases WHERE name = $2 AND token = $3)`, e.ID, leaseName, lease.Token)
		if err != nil {
			return fmt.Errorf("close event %d: %w", e.ID, err)
		}
		changed, err := result.RowsAffected()
		if err != nil {
			return fmt.Errorf("close event %d: %w", e.ID, err)
		}
		if changed == 0 {
			return ErrLeaseLost
		}
		if _, err := tx.ExecContext(ctx, `UPDATE orders SET status = $1 WHERE id = $2`, status, e.OrderID); err != nil {
			return fmt.Errorf("set status of %s: %w", e.OrderID, err)
		}
		return nil
	})
}
