package token

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	hash := strings.Repeat("0a", 32)
	for text, want := range map[string]Token{
		"secret":                        {User: "server", Secret: "secret"},
		"node:secret":                   {User: "node", Secret: "secret"},
		"K10" + hash + "::server:a:b\n": {CAHash: hash, User: "server", Secret: "a:b"},
		"K10" + hash + "::abcdef.0123456789abcdef": {
			CAHash: hash, User: "abcdef", Secret: "0123456789abcdef", IsBootstrap: true,
		},
	} {
		parsed, err := Parse(text)
		if err != nil || parsed != want {
			t.Errorf("%q: %+v, %v", text, parsed, err)
		}
		if again, err := Parse(parsed.String()); err != nil || again != want {
			t.Errorf("%q does not come back from %q", text, parsed)
		}
	}
	for _, text := range []string{"", "  ", "K10", "K10abc::server:x", "K10" + hash, "K10" + hash + "::", "server:"} {
		if parsed, err := Parse(text); err == nil {
			t.Errorf("%q is taken: %+v", text, parsed)
		}
	}
}

func TestVerify(t *testing.T) {
	ca := []byte("a certificate")
	if err := (Token{CAHash: HashCA(ca)}).Verify(ca); err != nil {
		t.Error(err)
	}
	if err := (Token{CAHash: HashCA([]byte("another one"))}).Verify(ca); err == nil {
		t.Error("another CA is taken")
	}
	if err := (Token{}).Verify(ca); err != nil {
		t.Error("a short token cannot tell")
	}
}
