// Package queue drains jobs when it is told to stop.
package queue

// Worker takes jobs until stop is closed.
type Worker struct {
	Jobs chan string
	stop chan struct{}
	Done []string
}

// New makes a worker with room for waiting jobs.
func New(room int) *Worker {
	return &Worker{Jobs: make(chan string, room), stop: make(chan struct{})}
}

// Stop lets Run return after the jobs that wait.
func (w *Worker) Stop() { close(w.stop) }

// Run works until it is stopped.
func (w *Worker) Run() {
	for {
		select {
		case <-w.stop:
			for {
				select {
				case job := <-w.Jobs:
					w.Done = append(w.Done, job)
				default:
					return
				}
			}
		case job := <-w.Jobs:
			w.Done = append(w.Done, job)
		}
	}
}

// Waiting counts jobs that nobody has taken.
func (w *Worker) Waiting() int { return len(w.Jobs) }
