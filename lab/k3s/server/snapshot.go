package server

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"infra-k3s/lab/k3s/bundle"
	"infra-k3s/lab/k3s/settings"

	etcdtls "go.etcd.io/etcd/client/pkg/v3/transport"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/snapshot"
	"go.uber.org/zap"
)

// snapshotLimit is far more than a small database takes.
const snapshotLimit = 5 * time.Minute

// RunSnapshot is `k3s etcd-snapshot` (https://docs.k3s.io/cli/etcd-snapshot), on a server.
func RunSnapshot(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errors.New("etcd-snapshot: save, ls or delete is needed")
	}
	verb, args := args[0], args[1:]
	values, err := settings.Read(settings.Server, nil)
	if err != nil {
		return err
	}
	hostname, err := os.Hostname()
	if err != nil {
		return err
	}
	options := flag.NewFlagSet("k3s etcd-snapshot "+verb, flag.ContinueOnError)
	dataFolder := options.String("data-dir", values.TextOr("data-dir", bundle.DefaultDataFolder), "folder that holds the state")
	node := options.String("node-name", values.TextOr("node-name", hostname), "the node's name")
	name := options.String("name", "on-demand", "what the name of a snapshot begins with")
	folder := options.String("etcd-snapshot-dir", values.Text("etcd-snapshot-dir"), "folder of the snapshots")
	options.StringVar(folder, "dir", *folder, "the same")
	if err := options.Parse(args); err != nil {
		return err
	}
	config := config{dataFolder: *dataFolder}
	if *folder == "" {
		*folder = config.serverFile("db/snapshots")
	}
	switch verb {
	case "save":
		full := fmt.Sprintf("%s-%s-%d", *name, strings.ToLower(*node), time.Now().Unix())
		return config.saveSnapshot(ctx, *folder, full)
	case "ls", "list", "l":
		return listSnapshots(os.Stdout, *folder)
	case "delete":
		return deleteSnapshots(*folder, options.Args())
	default:
		return fmt.Errorf("the lab's k3s stand-in has no etcd-snapshot %s", verb)
	}
}

// saveSnapshot asks the running etcd for all it has; the file appears whole or not at all.
func (config config) saveSnapshot(ctx context.Context, folder, name string) error {
	if err := refuseFolder(name); err != nil {
		return err
	}
	// The client itself would try for ever.
	if err := tryEtcd(); err != nil {
		return fmt.Errorf("etcd does not answer; is the server running? %w", err)
	}
	tls := config.serverFile("tls/etcd") + "/"
	secure, err := etcdtls.TLSInfo{
		TrustedCAFile: tls + "server-ca.crt",
		CertFile:      tls + "client.crt",
		KeyFile:       tls + "client.key",
	}.ClientConfig()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, snapshotLimit)
	defer cancel()
	etcd := clientv3.Config{Endpoints: []string{"https://" + etcdAddress}, TLS: secure}
	if _, err := snapshot.SaveWithVersion(ctx, zap.NewNop(), etcd, filepath.Join(folder, name)); err != nil {
		return err
	}
	fmt.Printf("Snapshot %s saved.\n", name)
	return nil
}

func listSnapshots(out io.Writer, folder string) error {
	// One that nothing was saved in yet has none.
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 1, ' ', 0)
	fmt.Fprintln(table, "Name\tLocation\tSize\tCreated")
	for _, file := range files {
		status, err := os.Stat(file)
		if err != nil {
			return err
		}
		created := status.ModTime().UTC().Format(time.RFC3339)
		fmt.Fprintf(table, "%s\tfile://%s\t%d\t%s\n", status.Name(), file, status.Size(), created)
	}
	return table.Flush()
}

func deleteSnapshots(folder string, names []string) error {
	if len(names) == 0 {
		return errors.New("no snapshots given for removal")
	}
	for _, name := range names {
		if err := refuseFolder(name); err != nil {
			return err
		}
		if err := os.Remove(filepath.Join(folder, name)); err != nil {
			return err
		}
		fmt.Printf("Snapshot %s deleted.\n", name)
	}
	return nil
}

// refuseFolder keeps a name from leading to a file elsewhere.
func refuseFolder(name string) error {
	if name != filepath.Base(name) || strings.HasPrefix(name, ".") {
		return fmt.Errorf("%q is no name of a snapshot", name)
	}
	return nil
}

// tryEtcd is whether the datastore takes connections.
func tryEtcd() error {
	connection, err := net.DialTimeout("tcp", etcdAddress, time.Second)
	if err != nil {
		return err
	}
	return connection.Close()
}
