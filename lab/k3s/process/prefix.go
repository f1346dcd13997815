package process

import (
	"bytes"
	"io"
	"sync"
)

// prefixWriter puts a program's name before each of its lines.
type prefixWriter struct {
	mutex  sync.Mutex
	out    io.Writer
	prefix []byte
	rest   []byte
}

func newPrefixWriter(out io.Writer, name string) *prefixWriter {
	return &prefixWriter{out: out, prefix: []byte(name + ": ")}
}

// Write keeps an unfinished line until it is whole.
func (writer *prefixWriter) Write(data []byte) (int, error) {
	writer.mutex.Lock()
	defer writer.mutex.Unlock()
	writer.rest = append(writer.rest, data...)
	for {
		end := bytes.IndexByte(writer.rest, '\n')
		if end < 0 {
			return len(data), nil
		}
		line := append(bytes.Clone(writer.prefix), writer.rest[:end+1]...)
		writer.rest = writer.rest[end+1:]
		if _, err := writer.out.Write(line); err != nil {
			return 0, err
		}
	}
}
