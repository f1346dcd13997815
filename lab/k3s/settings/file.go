package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// DefaultFile may be missing; a file that was named may not.
const DefaultFile = "/etc/rancher/k3s/config.yaml"

type entry struct {
	name   string
	values []string
	file   string
}

// readFiles reads a config file and those in the folder of the same name with .d behind it, in the
// order of their names. A later value replaces an earlier one, unless its key ends with a plus sign.
func readFiles(file string, required bool) ([]entry, error) {
	more, err := filepath.Glob(filepath.Join(file+".d", "*.y*ml"))
	if err != nil {
		return nil, err
	}
	slices.Sort(more)
	var all []entry
	for index, one := range append([]string{file}, more...) {
		entries, err := readFile(one)
		if index == 0 && !required && errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, one := range entries {
			all = merge(all, one)
		}
	}
	return all, nil
}

func merge(all []entry, one entry) []entry {
	name, appends := strings.CutSuffix(one.name, "+")
	one.name = name
	at := slices.IndexFunc(all, func(earlier entry) bool { return earlier.name == name })
	if at < 0 {
		return append(all, one)
	}
	if appends {
		one.values = append(slices.Clone(all[at].values), one.values...)
	}
	all[at] = one
	return all
}

func readFile(file string) ([]entry, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var document yaml.Node
	if err := yaml.Unmarshal(data, &document); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if document.Kind == 0 {
		return nil, nil
	}
	root := document.Content[0]
	if root.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("%s: not a mapping of settings", file)
	}
	var entries []entry
	for index := 0; index < len(root.Content); index += 2 {
		key, value := root.Content[index], root.Content[index+1]
		values, err := readValues(value)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %s: %w", file, value.Line, key.Value, err)
		}
		entries = append(entries, entry{name: key.Value, values: values, file: file})
	}
	return entries, nil
}

func readValues(node *yaml.Node) ([]string, error) {
	switch node.Kind {
	case yaml.ScalarNode:
		return []string{node.Value}, nil
	case yaml.SequenceNode:
		var all []string
		for _, one := range node.Content {
			if one.Kind != yaml.ScalarNode {
				return nil, errors.New("neither a value nor a list of values")
			}
			all = append(all, one.Value)
		}
		return all, nil
	default:
		return nil, errors.New("neither a value nor a list of values")
	}
}
