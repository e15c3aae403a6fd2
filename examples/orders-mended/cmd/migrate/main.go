// Command migrate brings PostgreSQL's tables up to date.
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"

	"git.harbourline.example/shop/orders/internal/config"
	"git.harbourline.example/shop/orders/internal/logging"
	"git.harbourline.example/shop/orders/migrations"
)

// lockKey keeps two migrations from running at once.
const lockKey = 7_203_118

// version is set by the build.
var version = "unreleased"

func main() {
	slog.SetDefault(logging.New(os.Stdout, "info").With("version", version))
	if err := run(context.Background()); err != nil {
		slog.Error("migrate failed", "err", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	url, err := config.Credential("database-url")
	if err != nil {
		return err
	}
	db, err := sql.Open("pgx", url)
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	db.SetMaxIdleConns(1)
	db.SetConnMaxLifetime(time.Hour)

	conn, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	for _, statement := range []string{
		fmt.Sprintf(`SELECT pg_advisory_lock(%d)`, lockKey),
		`SET lock_timeout = '5s'`,
		`CREATE TABLE IF NOT EXISTS migrated (name text PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())`,
	} {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("prepare: %w", err)
		}
	}
	names, err := fs.Glob(migrations.Files, "*.up.sql")
	if err != nil {
		return fmt.Errorf("list migrations: %w", err)
	}
	for _, name := range names {
		if err := apply(ctx, conn, name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

type exec func(ctx context.Context, query string, args ...any) (sql.Result, error)

func apply(ctx context.Context, conn *sql.Conn, name string) error {
	var done bool
	if err := conn.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM migrated WHERE name = $1)`, name).Scan(&done); err != nil || done {
		return err
	}
	text, err := migrations.Files.ReadFile(name)
	if err != nil {
		return err
	}
	slog.InfoContext(ctx, "applying", "migration", name)
	if strings.HasPrefix(string(text), "-- no transaction\n") {
		return execute(ctx, conn.ExecContext, name, string(text))
	}
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := execute(ctx, tx.ExecContext, name, string(text)); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

func execute(ctx context.Context, on exec, name, text string) error {
	if _, err := on(ctx, text); err != nil {
		return err
	}
	_, err := on(ctx, `INSERT INTO migrated (name) VALUES ($1)`, name)
	return err
}
