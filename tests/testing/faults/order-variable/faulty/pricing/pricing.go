// Package pricing turns net prices into what a customer sees.
package pricing

import (
	"fmt"
	"strings"
)

// Currency is used when an order names none.
var Currency = "EUR"

var symbols = map[string]string{"EUR": "€", "USD": "$", "CHF": "Fr."}

// Format writes cents with the symbol of the currency.
func Format(cents int64, currency string) string {
	if currency == "" {
		currency = Currency // FAULT
	}
	symbol, known := symbols[strings.ToUpper(currency)]
	if !known {
		symbol = currency
	}
	return fmt.Sprintf("%s %d.%02d", symbol, cents/100, cents%100)
}

// Configure takes over the settings of a shop.
func Configure(settings map[string]string) error {
	chosen := settings["currency"]
	if chosen == "" {
		return nil
	}
	if len(chosen) != 3 {
		return fmt.Errorf("pricing: %q is no currency", chosen)
	}
	Currency = chosen // FAULT
	return nil
}

// Gross adds a tax in percent, rounded half up.
func Gross(cents int64, percent int64) int64 {
	return (cents*(100+percent)*2 + 100) / 200
}
