package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/joho/godotenv"
	"go.yaml.in/yaml/v3"
)

// A manifest is an object of `apiVersion: viaduct.ai/v1` and `kind: ksops`. Its paths are relative
// to the kustomization, which is where kustomize starts us.
type manifest struct {
	// Encrypted objects of Kubernetes.
	Files []string `yaml:"files"`
	// Secrets to be made of encrypted files that are no objects.
	SecretFrom []secretSource `yaml:"secretFrom"`
}

type secretSource struct {
	Metadata metadata `yaml:"metadata"`
	Type     string   `yaml:"type"`
	// Each is `PATH` or `KEY=PATH`.
	Files       []string `yaml:"files"`
	BinaryFiles []string `yaml:"binaryFiles"`
	// Files in the format of dotenv: each line is a key of its own.
	Envs []string `yaml:"envs"`
}

type metadata struct {
	Name        string            `yaml:"name"`
	Namespace   string            `yaml:"namespace,omitempty"`
	Labels      map[string]string `yaml:"labels,omitempty"`
	Annotations map[string]string `yaml:"annotations,omitempty"`
}

type secret struct {
	APIVersion string            `yaml:"apiVersion"`
	Kind       string            `yaml:"kind"`
	Metadata   metadata          `yaml:"metadata"`
	Type       string            `yaml:"type,omitempty"`
	Data       map[string]string `yaml:"data,omitempty"`
	StringData map[string]string `yaml:"stringData,omitempty"`
}

// generate gives the objects that a manifest asks for, in its order.
func generate(item *yaml.Node, decrypt decrypter) ([]yaml.Node, error) {
	var wanted manifest
	if err := item.Decode(&wanted); err != nil {
		return nil, fmt.Errorf("this is no manifest of kind ksops: %w", err)
	}
	if wanted.Files == nil && wanted.SecretFrom == nil {
		return nil, errors.New("a manifest has neither files nor secretFrom")
	}
	var objects []yaml.Node
	for _, path := range wanted.Files {
		text, err := decrypt(path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		read, err := parseObjects(text)
		if err != nil {
			return nil, fmt.Errorf("%s holds no objects: %w", path, err)
		}
		objects = append(objects, read...)
	}
	for _, source := range wanted.SecretFrom {
		made, err := source.read(decrypt)
		if err != nil {
			return nil, err
		}
		var node yaml.Node
		if err := node.Encode(made); err != nil {
			return nil, err
		}
		objects = append(objects, node)
	}
	return objects, nil
}

func (s secretSource) read(decrypt decrypter) (secret, error) {
	made := secret{
		APIVersion: "v1",
		Kind:       "Secret",
		Metadata:   s.Metadata,
		Type:       s.Type,
		Data:       map[string]string{},
		StringData: map[string]string{},
	}
	for _, entry := range s.Files {
		key, text, err := readEntry(entry, decrypt)
		if err != nil {
			return secret{}, err
		}
		made.StringData[key] = string(text)
	}
	for _, entry := range s.BinaryFiles {
		key, bytes, err := readEntry(entry, decrypt)
		if err != nil {
			return secret{}, err
		}
		made.Data[key] = base64.StdEncoding.EncodeToString(bytes)
	}
	for _, path := range s.Envs {
		text, err := decrypt(path)
		if err != nil {
			return secret{}, fmt.Errorf("%s: %w", path, err)
		}
		values, err := godotenv.UnmarshalBytes(text)
		if err != nil {
			return secret{}, fmt.Errorf("%s is not in the format of dotenv: %w", path, err)
		}
		for key, value := range values {
			made.StringData[key] = value
		}
	}
	return made, nil
}

// readEntry decrypts a `PATH`, whose key is the name of the file, or a `KEY=PATH`.
func readEntry(entry string, decrypt decrypter) (string, []byte, error) {
	key, path, isNamed := strings.Cut(entry, "=")
	if !isNamed {
		key, path = filepath.Base(entry), entry
	}
	if strings.Contains(path, "=") {
		return "", nil, fmt.Errorf("%s is neither PATH nor KEY=PATH", entry)
	}
	content, err := decrypt(path)
	if err != nil {
		return "", nil, fmt.Errorf("%s: %w", path, err)
	}
	return key, content, nil
}
