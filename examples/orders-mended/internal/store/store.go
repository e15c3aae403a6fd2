// Package store keeps orders in SQLite or PostgreSQL.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	_ "modernc.org/sqlite" // driver "sqlite"
)

// Three replicas and one more while a rollout goes on, and five connections each for reports, stay below the database's 100.
const (
	maxOpenConns    = 15
	maxIdleConns    = 5
	connMaxLifetime = 30 * time.Minute
	connMaxIdleTime = 5 * time.Minute
)

// ErrNotFound says that there is no such order.
var ErrNotFound = errors.New("no such order")

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

// Store is the database. now is the database's own clock in its own words.
type Store struct {
	db  *sql.DB
	now string
}

const sqliteSchema = `
CREATE TABLE IF NOT EXISTS orders (
	id TEXT PRIMARY KEY,
	customer_id TEXT NOT NULL,
	sku TEXT NOT NULL,
	quantity INTEGER NOT NULL,
	cents INTEGER NOT NULL,
	status TEXT NOT NULL DEFAULT 'new',
	created_at TIMESTAMP NOT NULL
);
CREATE TABLE IF NOT EXISTS outbox (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	order_id TEXT NOT NULL,
	cents INTEGER NOT NULL,
	sent_at INTEGER
);
CREATE TABLE IF NOT EXISTS leases (
	name TEXT PRIMARY KEY,
	holder TEXT NOT NULL,
	token INTEGER NOT NULL,
	expires_at INTEGER NOT NULL
);`

// Open connects to the database. SQLite gets its tables at once, PostgreSQL by migrations.
func Open(ctx context.Context, driver, url string, registry prometheus.Registerer) (*Store, error) {
	db, err := sql.Open(driver, url)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	db.SetMaxOpenConns(maxOpenConns)
	db.SetMaxIdleConns(maxIdleConns)
	db.SetConnMaxLifetime(connMaxLifetime)
	db.SetConnMaxIdleTime(connMaxIdleTime)
	if err := registry.Register(collectors.NewDBStatsCollector(db, "orders")); err != nil {
		return nil, errors.Join(fmt.Errorf("measure pool: %w", err), db.Close())
	}
	s := &Store{db: db, now: "CAST(EXTRACT(EPOCH FROM now()) AS BIGINT)"}
	if driver == "sqlite" {
		s.now = "unixepoch()"
		if _, err := db.ExecContext(ctx, sqliteSchema); err != nil {
			return nil, errors.Join(fmt.Errorf("create tables: %w", err), db.Close())
		}
	}
	return s, nil
}

// Close closes the database.
func (s *Store) Close() error { return s.db.Close() }

// Ready fails when the database does not answer or more than nine tenths of the pool are in use.
func (s *Store) Ready(ctx context.Context) error {
	stats := s.db.Stats()
	if stats.InUse*10 > stats.MaxOpenConnections*9 {
		return fmt.Errorf("%d of %d connections are in use", stats.InUse, stats.MaxOpenConnections)
	}
	if err := s.db.PingContext(ctx); err != nil {
		return fmt.Errorf("ping database: %w", err)
	}
	return nil
}

// Create saves an order and its event.
func (s *Store) Create(ctx context.Context, o Order) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO orders (id, customer_id, sku, quantity, cents, status, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7)`, o.ID, o.CustomerID, o.SKU, o.Quantity, o.Cents, o.Status, o.CreatedAt)
		if err != nil {
			return fmt.Errorf("insert order: %w", err)
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO outbox (order_id, cents) VALUES ($1, $2)`, o.ID, o.Cents); err != nil {
			return fmt.Errorf("insert event: %w", err)
		}
		return nil
	})
}

// Find returns the order, or ErrNotFound.
func (s *Store) Find(ctx context.Context, id string) (Order, error) {
	var o Order
	row := s.db.QueryRowContext(ctx, `SELECT id, customer_id, sku, quantity, cents, status, created_at FROM orders WHERE id = $1`, id)
	err := row.Scan(&o.ID, &o.CustomerID, &o.SKU, &o.Quantity, &o.Cents, &o.Status, &o.CreatedAt)
	if errors.Is(err, sql.ErrNoRows) {
		return o, ErrNotFound
	}
	if err != nil {
		return o, fmt.Errorf("find order %s: %w", id, err)
	}
	return o, nil
}

// Delete removes an order and what of it was not sent.
func (s *Store) Delete(ctx context.Context, id string) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM outbox WHERE order_id = $1 AND sent_at IS NULL`, id); err != nil {
			return fmt.Errorf("delete event of %s: %w", id, err)
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM orders WHERE id = $1`, id); err != nil {
			return fmt.Errorf("delete order %s: %w", id, err)
		}
		return nil
	})
}

func (s *Store) inTx(ctx context.Context, work func(tx *sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	if err := work(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}
