package settings

import (
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
)

// Values are all settings of one command, whichever way they came.
type Values struct {
	given map[string][]string
}

// Read takes the arguments behind the command's name. The command line goes before config.yaml, and
// that before the environment; lists of both are joined. An unknown key of config.yaml is an error
// for an agent, and for a server a warning.
func Read(role Role, args []string) (Values, error) {
	line, err := parseLine(role, args)
	if err != nil {
		return Values{}, err
	}
	file, required := DefaultFile, false
	if named := os.Getenv("K3S_CONFIG_FILE"); named != "" {
		file, required = named, true
	}
	if named := last(line["config"]); named != "" {
		file, required = named, true
	}
	entries, err := readFiles(file, required)
	if err != nil {
		return Values{}, err
	}
	given := map[string][]string{}
	for _, one := range entries {
		known, found := role.find(one.name)
		if !found {
			if role == Agent {
				return Values{}, fmt.Errorf("flag provided but not defined: -%s", one.name)
			}
			slog.Warn("Unknown flag --"+one.name+" found in config.yaml, skipping", "file", one.file)
			continue
		}
		if err := check(known, one.values); err != nil {
			return Values{}, fmt.Errorf("%s: %w", one.file, err)
		}
		given[known.name] = one.values
	}
	for name, values := range line {
		known, _ := role.find(name)
		if known.kind == list || known.kind == arguments {
			values = append(slices.Clone(given[name]), values...)
		}
		given[name] = values
	}
	for _, one := range flags {
		if value := os.Getenv(one.env); one.env != "" && value != "" && given[one.name] == nil {
			given[one.name] = []string{value}
		}
		if one.idle && given[one.name] != nil {
			slog.Warn("The lab's k3s stand-in takes --" + one.name + " and does nothing with it")
		}
	}
	return Values{given: given}, nil
}

// Text is the last value given, or "".
func (values Values) Text(name string) string {
	return last(values.given[name])
}

// TextOr is the last value given, or another one.
func (values Values) TextOr(name, otherwise string) string {
	if value := values.Text(name); value != "" {
		return value
	}
	return otherwise
}

// List is every value given, those with commas between them each by itself.
func (values Values) List(name string) []string {
	var all []string
	for _, value := range values.given[name] {
		for part := range strings.SplitSeq(value, ",") {
			if part = strings.TrimSpace(part); part != "" {
				all = append(all, part)
			}
		}
	}
	return all
}

// Arguments are the values given for a program, each with two dashes before it.
func (values Values) Arguments(name string) []string {
	var all []string
	for _, value := range values.given[name] {
		all = append(all, "--"+strings.TrimLeft(value, "-"))
	}
	return all
}

// IsOn is whether a switch was given and is not off.
func (values Values) IsOn(name string) bool {
	value, err := strconv.ParseBool(values.Text(name))
	return err == nil && value
}

// Secret is the value of a flag, or the first line of the file that name-file gives.
func (values Values) Secret(name string) (string, error) {
	if value := values.Text(name); value != "" {
		return strings.TrimSpace(value), nil
	}
	file := values.Text(name + "-file")
	if file == "" {
		return "", nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	line, _, _ := strings.Cut(strings.TrimSpace(string(data)), "\n")
	return line, nil
}

func parseLine(role Role, args []string) (map[string][]string, error) {
	given := map[string][]string{}
	for index := 0; index < len(args); index++ {
		name, isFlag := strings.CutPrefix(args[index], "-")
		if !isFlag {
			return nil, fmt.Errorf("unexpected argument: %s", args[index])
		}
		name, value, hasValue := strings.Cut(strings.TrimPrefix(name, "-"), "=")
		known, found := role.find(name)
		if !found {
			return nil, fmt.Errorf("flag provided but not defined: -%s", name)
		}
		switch {
		case hasValue:
		case known.kind == toggle:
			value = "true"
		case index+1 == len(args):
			return nil, fmt.Errorf("flag needs an argument: -%s", name)
		default:
			index++
			value = args[index]
		}
		if err := check(known, []string{value}); err != nil {
			return nil, err
		}
		given[known.name] = append(given[known.name], value)
	}
	return given, nil
}

func check(known flag, values []string) error {
	if known.kind != toggle {
		return nil
	}
	for _, value := range values {
		if _, err := strconv.ParseBool(value); err != nil {
			return fmt.Errorf("invalid boolean value %q for -%s", value, known.name)
		}
	}
	return nil
}

func last(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[len(values)-1]
}
