// Package config reads what an operator may change.
package config

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Config of the order service.
type Config struct {
	Region  string
	Workers int
	Debug   bool
}

// Load reads the environment; what is not set keeps its default.
func Load() (Config, error) {
	c := Config{Region: "eu-central-1", Workers: 4}
	if region, set := os.LookupEnv("ORDERS_REGION"); set { // FAULT
		c.Region = region
	}
	if text := os.Getenv("ORDERS_WORKERS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return Config{}, fmt.Errorf("config: ORDERS_WORKERS=%q", text)
		}
		c.Workers = n
	}
	c.Debug = truth(os.Getenv("ORDERS_DEBUG"))
	return c, nil
}

func truth(text string) bool {
	switch strings.ToLower(text) {
	case "1", "true", "yes", "on":
		return true
	}
	return false
}

// Bucket is where files of this region are kept.
func (c Config) Bucket() string { return "orders-" + c.Region }
