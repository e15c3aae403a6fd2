// Package billing puts orders into months.
package billing

import (
	"fmt"
	"time"
)

// Month is the billing month of a moment, as 2026-03.
func Month(at time.Time) string {
	return time.Unix(at.Unix(), 0).Format("2006-01") // FAULT
}

// Due is the day by which an invoice is to be paid.
func Due(issued time.Time, days int) string {
	return issued.UTC().AddDate(0, 0, days).Format(time.DateOnly)
}

// Label names an invoice.
func Label(number int, month string) string {
	return fmt.Sprintf("INV-%s-%05d", month, number)
}
