// Package process runs the upstream programs as children of k3s.
package process

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

const (
	restartAfter = time.Second
	restartLimit = 15 * time.Second
	// steadyAfter is how long a program has to run before its end counts as the first one again.
	steadyAfter = time.Minute
)

// Program is one to be kept running.
type Program struct {
	Name string
	Path string
	Args []string
	// Log gets what it writes; the log of k3s when left out.
	Log io.Writer
	// Grace is how long it has between being asked to end and being killed.
	Grace time.Duration
}

// Group are programs that end together.
type Group struct {
	waiting sync.WaitGroup
	stop    context.CancelFunc
	context context.Context
	// Environment is that of every program.
	Environment []string
}

// NewGroup makes a group that ends with the context, and not before Stop has returned.
func NewGroup(parent context.Context, environment []string) *Group {
	ctx, stop := context.WithCancel(parent)
	return &Group{context: ctx, stop: stop, Environment: environment}
}

// Keep starts a program, and starts it again whenever it ends, until the group ends.
func (group *Group) Keep(program Program) {
	group.waiting.Go(func() {
		// The kernel sends the death signal when the thread ends that has started the child.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		pause := restartAfter
		for group.context.Err() == nil {
			startedAt := time.Now()
			err := group.run(program)
			if group.context.Err() != nil {
				return
			}
			if time.Since(startedAt) > steadyAfter {
				pause = restartAfter
			}
			slog.Error(program.Name+" ended, it will be started again", "error", err, "after", pause)
			select {
			case <-group.context.Done():
			case <-time.After(pause):
			}
			pause = min(pause*2, restartLimit)
		}
	})
}

// Stop asks all programs to end and returns when they have.
func (group *Group) Stop() {
	group.stop()
	group.waiting.Wait()
}

func (group *Group) run(program Program) error {
	command := exec.CommandContext(group.context, program.Path, program.Args...)
	command.Args[0] = program.Name
	command.Env = group.Environment
	command.Stdout, command.Stderr = program.Log, program.Log
	if program.Log == nil {
		log := newPrefixWriter(os.Stderr, program.Name)
		command.Stdout, command.Stderr = log, log
	}
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = program.Grace
	// In k3s itself they are parts of one process and cannot outlive it.
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	slog.Info("Running "+program.Name, "args", program.Args)
	err := command.Run()
	if errors.Is(err, exec.ErrWaitDelay) {
		return nil
	}
	return err
}
