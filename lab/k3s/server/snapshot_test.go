package server

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSnapshotsAreListedAndDeleted(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "snapshots")
	list := func() string {
		t.Helper()
		var out bytes.Buffer
		if err := listSnapshots(&out, folder); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	if lines := strings.Count(list(), "\n"); lines != 1 {
		t.Fatalf("no folder yet: %d lines, not only the heading", lines)
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"on-demand-one-1", "on-demand-one-2"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("12345"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	fields := strings.Fields(strings.Split(list(), "\n")[1])
	if len(fields) != 4 || fields[0] != "on-demand-one-1" || fields[2] != "5" ||
		fields[1] != "file://"+filepath.Join(folder, "on-demand-one-1") {
		t.Fatalf("not name, location, size and time: %q", fields)
	}
	if err := deleteSnapshots(folder, []string{"on-demand-one-1"}); err != nil {
		t.Fatal(err)
	}
	if text := list(); strings.Contains(text, "one-1") || !strings.Contains(text, "one-2") {
		t.Fatalf("only the one that was named goes: %s", text)
	}
}

func TestSnapshotsThatAreNoneAreRefused(t *testing.T) {
	folder := t.TempDir()
	other := filepath.Join(folder, "other")
	if err := os.WriteFile(other, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, names := range [][]string{nil, {"missing"}, {"../" + filepath.Base(folder) + "/other"}, {".."}, {"."}, {""}} {
		if err := deleteSnapshots(folder, names); err == nil {
			t.Errorf("%q was deleted", names)
		}
	}
	if _, err := os.Stat(other); err != nil {
		t.Error(err)
	}
	if err := RunSnapshot(t.Context(), []string{"prune"}); err == nil || !strings.Contains(err.Error(), "stand-in has no") {
		t.Errorf("prune is not there: %v", err)
	}
}
