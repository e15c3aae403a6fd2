// Package pool runs jobs on as many workers as there are processors.
package pool

import (
	"runtime"
	"sync"
)

// Pool has workers. A job may submit others.
type Pool struct {
	jobs chan func()
	done sync.WaitGroup
}

// New starts the workers.
func New() *Pool {
	p := &Pool{jobs: make(chan func())}
	for n := 0; n < runtime.GOMAXPROCS(0); n++ { // FAULT
		go p.work()
	}
	return p
}

func (p *Pool) work() {
	for job := range p.jobs {
		job()
		p.done.Done()
	}
}

// Submit hands a job to the next free worker.
func (p *Pool) Submit(job func()) {
	p.done.Add(1)
	p.jobs <- job // FAULT
}

// Wait returns when everything is done.
func (p *Pool) Wait() { p.done.Wait() }
