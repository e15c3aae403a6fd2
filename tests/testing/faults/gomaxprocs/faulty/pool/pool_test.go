package pool

import (
	"sync/atomic"
	"testing"
	"time"
)

func finished(t *testing.T, p *Pool) {
	t.Helper()
	done := make(chan struct{})
	go func() { p.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(time.Second):
		t.Fatal("the jobs did not finish within a second")
	}
}

func TestEmptyPool(t *testing.T) { finished(t, New()) }

func TestOneJob(t *testing.T) {
	p, ran := New(), false
	p.Submit(func() { ran = true })
	finished(t, p)
	if !ran {
		t.Fatal("it did not run")
	}
}

func TestManyJobs(t *testing.T) {
	var count atomic.Int32
	p := New()
	for n := 0; n < 200; n++ {
		p.Submit(func() { count.Add(1) })
	}
	finished(t, p)
	if count.Load() != 200 {
		t.Fatal(count.Load())
	}
}

func TestJobSubmitsJob(t *testing.T) {
	var inner atomic.Bool
	p := New()
	p.Submit(func() { p.Submit(func() { inner.Store(true) }) })
	finished(t, p)
	if !inner.Load() {
		t.Fatal("the inner job did not run")
	}
}

func TestWaitTwice(t *testing.T) {
	p := New()
	p.Submit(func() {})
	finished(t, p)
	finished(t, p)
}
