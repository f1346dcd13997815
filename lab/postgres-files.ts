import { type DebianOptions, ensureDebianPrograms, type ProgramSet } from "./debian-programs.ts";

/** The PostgreSQL that the lab's Debian release has. */
const major = "15";

const bin = `usr/lib/postgresql/${major}/bin`;
const modules = `usr/lib/postgresql/${major}/lib`;
const share = `usr/share/postgresql/${major}`;

/** A server, a client, and what proves that a copy of its files is whole. */
const programs = [
  "postgres",
  "initdb",
  "pg_ctl",
  "pg_isready",
  "pg_basebackup",
  "pg_verifybackup",
  "pg_waldump",
  "pg_controldata",
  "pg_checksums",
  "pg_amcheck",
  "psql",
  "pgbench",
] as const;

/** What the server loads; without the one for LLVM it compiles no queries, and is 100 MB smaller. */
const loadable = ["plpgsql.so", "dict_snowball.so", "amcheck.so", "libpqwalreceiver.so"] as const;

/** The user that the server runs as; it refuses root. */
export const postgresUser = 999;

const set: ProgramSet<"root"> = {
  name: "postgres-files",
  packages: [`postgresql-${major}`],
  roots: {
    root: {
      files: [
        ...programs.map((name) => `${bin}/${name}`),
        ...loadable.map((name) => `${modules}/${name}`),
      ],
      // It looks for the machine's own time zone at each start.
      folders: [share, "usr/share/zoneinfo/Etc"],
      links: Object.fromEntries(programs.map((name) => [`usr/bin/${name}`, `/${bin}/${name}`])),
      user: { name: "postgres", id: postgresUser, home: "/tmp" },
      trials: programs.map((name) => [`/usr/bin/${name}`, "--version"]),
    },
  },
};

/** A folder to be put into an image as it is, beside a shell. */
export interface PostgresFiles {
  root: string;
  /** `15`; the rest of the version is what the mirror had when this was made. */
  major: string;
}

/** PostgreSQL out of Debian; throws what ensureDebianPrograms throws. */
export async function ensurePostgresFiles(options: DebianOptions = {}): Promise<PostgresFiles> {
  const { root } = await ensureDebianPrograms(set, options);
  return { root, major };
}
