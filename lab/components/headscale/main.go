// headscale with its own commands. Upstream takes its version from the module that is built, which
// here is not upstream's, so that it would call itself "dev".
package main

import (
	"os"
	"time"

	"github.com/juanfont/headscale/cmd/headscale/cli"
	"github.com/juanfont/headscale/hscontrol/types"
	"github.com/rs/zerolog"
	"github.com/rs/zerolog/log"
)

// Written by the linker.
var version = "dev"

func main() {
	info := *types.GetVersionInfo()
	info.Version = version
	types.GetVersionInfo = func() *types.VersionInfo { return &info }
	log.Logger = log.Output(zerolog.ConsoleWriter{
		Out:        os.Stderr,
		TimeFormat: time.RFC3339,
		NoColor:    true,
	})
	cli.Execute()
}
