// Package store keeps orders in SQLite or PostgreSQL.
package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"
)

const maxOpenConns = 50

// Order is one customer's order of one article.
type Order struct {
	ID         string    `json:"id"`
	CustomerID string    `json:"customer_id"`
	SKU        string    `json:"sku"`
	Quantity   int       `json:"quantity"`
	Cents      int64     `json:"cents"`
	Status     string    `json:"status"`
	CreatedAt  time.Time `json:"created_at"`
}

// Event waits in the outbox until it was sent.
type Event struct {
	ID      int64
	OrderID string
	Cents   int64
}

// Store is the database.
type Store struct {
	db *sql.DB
}

const schema = `
CREATE TABLE IF NOT EXISTS orders (
	id TEXT PRIMARY KEY,
	customer_id TEXT NOT NULL,
	sku TEXT NOT NULL,
	quantity INTEGER NOT NULL,
	cents INTEGER NOT NULL,
	status TEXT NOT NULL,
	created_at TIMESTAMP NOT NULL
);
CREATE TABLE IF NOT EXISTS outbox (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	order_id TEXT NOT NULL,
	cents INTEGER NOT NULL,
	sent_at TIMESTAMP
);
CREATE TABLE IF NOT EXISTS leases (
	name TEXT PRIMARY KEY,
	holder TEXT NOT NULL,
	expires_at TIMESTAMP NOT NULL
);`

// Open connects to the database. SQLite gets its tables at once, PostgreSQL by migrations.
func Open(driver, url string) (*Store, error) {
	db, err := sql.Open(driver, url)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(maxOpenConns)
	db.SetMaxIdleConns(100)
	if driver == "sqlite" {
		if _, err := db.Exec(schema); err != nil {
			return nil, fmt.Errorf("create tables: %v", err)
		}
	}
	return &Store{db: db}, nil
}

// Close closes the database.
func (s *Store) Close() error { return s.db.Close() }

// Create saves an order and its event.
func (s *Store) Create(ctx context.Context, o Order) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	_, err = tx.ExecContext(ctx, `INSERT INTO orders (id, customer_id, sku, quantity, cents, status, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`, o.ID, o.CustomerID, o.SKU, o.Quantity, o.Cents, o.Status, o.CreatedAt)
	if err != nil {
		return fmt.Errorf("insert order: %v", err)
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO outbox (order_id, cents) VALUES ($1, $2)`, o.ID, o.Cents); err != nil {
		return fmt.Errorf("insert event: %v", err)
	}
	return tx.Commit()
}

// Find returns the order, or nil when there is none.
func (s *Store) Find(ctx context.Context, id string) (*Order, error) {
	var o Order
	err := s.db.QueryRow(`SELECT id, customer_id, sku, quantity, cents, status, created_at FROM orders WHERE id = $1`, id).
		Scan(&o.ID, &o.CustomerID, &o.SKU, &o.Quantity, &o.Cents, &o.Status, &o.CreatedAt)
	if err == sql.ErrNoRows {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("find order %s: %v", id, err)
	}
	return &o, nil
}

// Delete removes an order.
func (s *Store) Delete(ctx context.Context, id string) error {
	_, err := s.db.Exec(`DELETE FROM orders WHERE id = $1`, id)
	return err
}

// Pending returns the oldest events that were not sent.
func (s *Store) Pending(ctx context.Context, limit int) ([]Event, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT id, order_id, cents FROM outbox WHERE sent_at IS NULL ORDER BY id LIMIT $1`, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var events []Event
	for rows.Next() {
		var e Event
		if err := rows.Scan(&e.ID, &e.OrderID, &e.Cents); err != nil {
			return nil, err
		}
		events = append(events, e)
	}
	return events, rows.Err()
}

// MarkSent closes an event and sets the order's status.
func (s *Store) MarkSent(ctx context.Context, e Event, status string) error {
	if _, err := s.db.ExecContext(ctx, `UPDATE outbox SET sent_at = $1 WHERE id = $2`, time.Now(), e.ID); err != nil {
		return err
	}
	_, err := s.db.ExecContext(ctx, `UPDATE orders SET status = $1 WHERE id = $2`, status, e.OrderID)
	return err
}
