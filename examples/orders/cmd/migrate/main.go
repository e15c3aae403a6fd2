// Command migrate brings the database's tables up to date.
package main

import (
	"database/sql"
	"log"
	"os"
	"path/filepath"
	"sort"

	_ "github.com/jackc/pgx/v5/stdlib"
)

func main() {
	db, err := sql.Open("pgx", os.Getenv("DATABASE_URL"))
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	files, _ := filepath.Glob("migrations/*.sql")
	sort.Strings(files)
	if _, err := db.Exec(`CREATE TABLE IF NOT EXISTS migrated (name TEXT PRIMARY KEY)`); err != nil {
		log.Fatal(err)
	}
	for _, file := range files {
		var done int
		db.QueryRow(`SELECT COUNT(*) FROM migrated WHERE name = $1`, file).Scan(&done)
		if done > 0 {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			log.Fatal(err)
		}
		if _, err := db.Exec(string(text)); err != nil {
			log.Fatalf("%s: %v", file, err)
		}
		if _, err := db.Exec(`INSERT INTO migrated (name) VALUES ($1)`, file); err != nil {
			log.Fatal(err)
		}
		log.Printf("applied %s", file)
	}
}
