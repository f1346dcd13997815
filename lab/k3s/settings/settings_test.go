package settings

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func writeConfig(t *testing.T, files map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for name, content := range files {
		file := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(folder, "config.yaml")
}

func TestFilesAreMerged(t *testing.T) {
	file := writeConfig(t, map[string]string{
		"config.yaml":             "node-name: one\ntls-san: [a, b]\nnode-label:\n  - x=1\ncluster-init: true\nhttps-listen-port: 7443\n",
		"config.yaml.d/20-b.yaml": "node-name: three\nnode-label+: [y=2]\n",
		"config.yaml.d/10-a.yaml": "node-name: two\ntls-san: [c]\n",
	})
	values, err := Read(Server, []string{"--config", file, "--tls-san=d,e", "--node-ip", "10.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	if name := values.Text("node-name"); name != "three" {
		t.Errorf("the last file does not win: %s", name)
	}
	if names := values.List("tls-san"); !slices.Equal(names, []string{"c", "d", "e"}) {
		t.Errorf("tls-san: %v", names)
	}
	if labels := values.List("node-label"); !slices.Equal(labels, []string{"x=1", "y=2"}) {
		t.Errorf("node-label: %v", labels)
	}
	if !values.IsOn("cluster-init") || values.Text("https-listen-port") != "7443" {
		t.Error("a switch or a number was lost")
	}
}

func TestLineBeforeFileBeforeEnvironment(t *testing.T) {
	file := writeConfig(t, map[string]string{"config.yaml": "token: from-file\n"})
	t.Setenv("K3S_CONFIG_FILE", file)
	t.Setenv("K3S_TOKEN", "from-environment")
	t.Setenv("K3S_URL", "https://from-environment:6443")
	values, err := Read(Agent, []string{"--node-name=n"})
	if err != nil {
		t.Fatal(err)
	}
	if values.Text("token") != "from-file" || values.Text("server") != "https://from-environment:6443" {
		t.Errorf("token %q, server %q", values.Text("token"), values.Text("server"))
	}
	if values, err = Read(Agent, []string{"-t", "from-line"}); err != nil || values.Text("token") != "from-line" {
		t.Errorf("token %q, %v", values.Text("token"), err)
	}
}

func TestUnknownKeys(t *testing.T) {
	file := writeConfig(t, map[string]string{"config.yaml": "no-such-key: 1\ntls-san: [a]\nnode-name: n\n"})
	values, err := Read(Server, []string{"-c", file})
	if err != nil || values.Text("node-name") != "n" {
		t.Errorf("a server does not go on: %v", err)
	}
	if _, err = Read(Agent, []string{"-c", file}); err == nil || !strings.Contains(err.Error(), "-no-such-key") {
		t.Errorf("an agent goes on: %v", err)
	}
	known := writeConfig(t, map[string]string{"config.yaml": "tls-san: [a]\n"})
	if _, err = Read(Agent, []string{"-c", known}); err == nil {
		t.Error("an agent takes a server's key")
	}
}

func TestBadInput(t *testing.T) {
	for name, content := range map[string]string{
		"no yaml":         "a: [",
		"a list":          "- a\n",
		"a nested value":  "node-label: {a: b}\n",
		"a nested list":   "node-label: [[a]]\n",
		"no boolean":      "cluster-init: perhaps\n",
		"missing at all.": "",
	} {
		file := writeConfig(t, map[string]string{"config.yaml": content})
		if content == "" {
			file += ".not"
		}
		if _, err := Read(Server, []string{"--config", file}); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	for _, args := range [][]string{{"--no-such-flag"}, {"word"}, {"--token"}, {"--cluster-init=perhaps"}} {
		if _, err := Read(Server, args); err == nil {
			t.Errorf("%v is taken", args)
		}
	}
}

func TestSecretFromFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("K3S_CONFIG_FILE", writeConfig(t, map[string]string{"config.yaml": ""}))
	values, err := Read(Agent, []string{"--token-file", file})
	if err != nil {
		t.Fatal(err)
	}
	if secret, err := values.Secret("token"); err != nil || secret != "secret" {
		t.Errorf("%q, %v", secret, err)
	}
	values, _ = Read(Agent, []string{"--token-file", file + ".not"})
	if _, err := values.Secret("token"); err == nil {
		t.Error("a file that is missing is taken")
	}
}

func TestEveryFlagHasOneMeaning(t *testing.T) {
	seen := map[string]bool{}
	for _, one := range flags {
		for _, name := range []string{one.name, one.short} {
			if name != "" && seen[name] {
				t.Errorf("%s is there twice", name)
			}
			seen[name] = true
		}
	}
}
