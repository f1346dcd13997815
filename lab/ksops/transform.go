package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"
)

// A resourceList is what kustomize and a function of its exchange (the KRM functions
// specification). A generator gets its own manifest as the only item.
type resourceList struct {
	APIVersion     string      `yaml:"apiVersion"`
	Kind           string      `yaml:"kind"`
	Items          []yaml.Node `yaml:"items"`
	FunctionConfig yaml.Node   `yaml:"functionConfig,omitempty"`
}

type decrypter func(path string) ([]byte, error)

// transform puts what each manifest makes in its place.
func transform(input io.Reader, output io.Writer, decrypt decrypter) error {
	var list resourceList
	if err := yaml.NewDecoder(input).Decode(&list); err != nil {
		return fmt.Errorf("stdin is no ResourceList: %w", err)
	}
	if list.Kind != "ResourceList" {
		return fmt.Errorf("stdin is no ResourceList: its kind is %q", list.Kind)
	}
	made := []yaml.Node{}
	for _, item := range list.Items {
		objects, err := generate(&item, decrypt)
		if err != nil {
			return err
		}
		made = append(made, objects...)
	}
	list.Items = made
	encoder := yaml.NewEncoder(output)
	defer encoder.Close()
	return encoder.Encode(list)
}

// parseObjects reads the documents of a text; one without content is left out.
func parseObjects(text []byte) ([]yaml.Node, error) {
	var objects []yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var document yaml.Node
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, err
		}
		if len(document.Content) == 0 || document.Content[0].Tag == "!!null" {
			continue
		}
		objects = append(objects, *document.Content[0])
	}
}
