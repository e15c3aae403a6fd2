package main

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"strings"
)

func main() {
	url := flag.String("url", "http://localhost:8080", "where the service runs")
	flag.Parse()
	resp, err := http.Post(*url+"/orders", "application/json",
		strings.NewReader(`{"customer_id":"smoke","sku":"lamp","quantity":1,"cents":100}`))
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(resp.Status)
	if resp.StatusCode != http.StatusCreated {
		os.Exit(1)
	}
}
