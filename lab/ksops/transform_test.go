package main

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// Content stands for what sops would decrypt.
var files = map[string]string{
	"secret.sops.yaml": "# why\n---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: a\n  annotations:\n    kustomize.config.k8s.io/behavior: merge\nstringData:\n  token: \"0123\"\n---\nkind: ConfigMap\n",
	"text.conf":        "user: x\n",
	"bytes.bin":        "\x00\xff",
	"values.env":       "A=1\nB=two words\n",
}

func decryptNothing(path string) ([]byte, error) {
	text, found := files[path]
	if !found {
		return nil, errors.New("no key opens it")
	}
	return []byte(text), nil
}

func wrap(manifest string) string {
	return "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nfunctionConfig:\n  kind: ksops\nitems:\n- apiVersion: viaduct.ai/v1\n  kind: ksops\n  " +
		strings.ReplaceAll(strings.TrimSpace(manifest), "\n", "\n  ") + "\n"
}

func render(t *testing.T, manifest string) []map[string]any {
	t.Helper()
	var output bytes.Buffer
	if err := transform(strings.NewReader(wrap(manifest)), &output, decryptNothing); err != nil {
		t.Fatal(err)
	}
	var list struct {
		Kind           string           `yaml:"kind"`
		FunctionConfig map[string]any   `yaml:"functionConfig"`
		Items          []map[string]any `yaml:"items"`
	}
	if err := yaml.Unmarshal(output.Bytes(), &list); err != nil {
		t.Fatal(err)
	}
	if list.Kind != "ResourceList" || list.FunctionConfig["kind"] != "ksops" {
		t.Errorf("the list is not what kustomize gave: %+v", list)
	}
	return list.Items
}

func TestObjectsOfFilesAreAsTheyWere(t *testing.T) {
	items := render(t, "files: [secret.sops.yaml]")
	if len(items) != 2 || items[1]["kind"] != "ConfigMap" {
		t.Fatalf("not the documents of the file: %v", items)
	}
	annotations := items[0]["metadata"].(map[string]any)["annotations"].(map[string]any)
	if annotations["kustomize.config.k8s.io/behavior"] != "merge" {
		t.Errorf("what is for kustomize is lost: %v", annotations)
	}
	if token := items[0]["stringData"].(map[string]any)["token"]; token != "0123" {
		t.Errorf("a text became %#v", token)
	}
}

func TestSecretsAreMadeOfFiles(t *testing.T) {
	items := render(t, `
secretFrom:
- metadata:
    name: b
    namespace: n
    labels: {app: foo}
    annotations: {kustomize.config.k8s.io/needs-hash: "false"}
  type: Opaque
  files: [text.conf, other=text.conf]
  binaryFiles: [key=bytes.bin]
  envs: [values.env]
`)
	want := map[string]any{
		"apiVersion": "v1",
		"kind":       "Secret",
		"metadata": map[string]any{
			"name": "b", "namespace": "n",
			"labels":      map[string]any{"app": "foo"},
			"annotations": map[string]any{"kustomize.config.k8s.io/needs-hash": "false"},
		},
		"type":       "Opaque",
		"data":       map[string]any{"key": "AP8="},
		"stringData": map[string]any{"text.conf": "user: x\n", "other": "user: x\n", "A": "1", "B": "two words"},
	}
	got, _ := yaml.Marshal(items[0])
	wanted, _ := yaml.Marshal(want)
	if !bytes.Equal(got, wanted) {
		t.Errorf("got\n%s\nwant\n%s", got, wanted)
	}
}

func TestWhatCannotBeDoneIsAnError(t *testing.T) {
	inputs := map[string]string{
		wrap("metadata: {name: x}"):                      "neither files nor secretFrom",
		wrap("files: secret.sops.yaml"):                  "no manifest of kind ksops",
		wrap("files: [foreign.sops.yaml]"):               "foreign.sops.yaml: no key opens it",
		wrap("files: [bytes.bin]"):                       "bytes.bin holds no objects",
		wrap("secretFrom: [{files: [a=b=c]}]"):           "a=b=c is neither PATH nor KEY=PATH",
		wrap("secretFrom: [{binaryFiles: [k=foreign]}]"): "foreign: no key opens it",
		wrap("secretFrom: [{envs: [foreign.env]}]"):      "foreign.env: no key opens it",
		"kind: Secret\n":                                 "no ResourceList",
		"":                                               "no ResourceList",
	}
	for input, want := range inputs {
		var output bytes.Buffer
		err := transform(strings.NewReader(input), &output, decryptNothing)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", input, err, want)
		}
		if output.Len() > 0 {
			t.Errorf("%q: part of a list was written", input)
		}
	}
}

func TestInstallMakesAProgram(t *testing.T) {
	folder := t.TempDir()
	if err := run([]string{"install", folder}, nil, nil); err != nil {
		t.Fatal(err)
	}
	status, err := os.Stat(folder + "/ksops")
	if err != nil || status.Mode().Perm()&0o111 == 0 || status.Size() == 0 {
		t.Errorf("no program: %v %v", status, err)
	}
	for _, args := range [][]string{{"install"}, {"install", "--with-kustomize", folder}, {"help"}} {
		if err := run(args, nil, nil); err == nil || !strings.Contains(err.Error(), "usage:") {
			t.Errorf("%v: got %v", args, err)
		}
	}
}
