import t from "tap";
import { chooseMirror, parseLines, parseStanzas } from "../../lab/mirror.ts";

const stanzas = `# made by an installer
Types: deb
# http://snapshot.example/x
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb deb-src
URIs: http://security.example/debian-security
Suites: bookworm-security
Components: main
`;

t.test("stanzas are read, comments in them are not", async (t) => {
  t.match(parseStanzas(stanzas), [
    { uri: "http://mirror.example/debian", suite: "bookworm", components: ["main", "contrib"] },
    { uri: "http://mirror.example/debian", suite: "bookworm-updates" },
    { uri: "http://security.example/debian-security", suite: "bookworm-security" },
  ]);
  t.equal(chooseMirror(parseStanzas(stanzas)), "http://mirror.example/debian");
  t.strictSame(parseStanzas(`Enabled: no\n${stanzas}`).length, 1);
  t.strictSame(parseStanzas(""), []);
});

t.test("lines are read, comments and sources of source code are not", async (t) => {
  const text = [
    "# deb http://a.example/debian bookworm main",
    "deb-src http://b.example/debian bookworm main",
    "deb [arch=amd64 signed-by=/k/debian-archive-keyring.gpg] https://c.example/debian trixie main non-free",
    "deb http://d.example/debian bookworm main",
    "deb",
  ].join("\n");
  t.match(parseLines(text), [
    { uri: "https://c.example/debian", suite: "trixie", signedBy: "/k/debian-archive-keyring.gpg" },
    { uri: "http://d.example/debian", suite: "bookworm", signedBy: "" },
  ]);
  t.equal(chooseMirror(parseLines(text)), "https://c.example/debian");
});

t.test("what is no mirror of Debian's own suites is passed over", async (t) => {
  const others = [
    "deb http://security.example/debian-security bookworm-security main",
    "deb https://tools.example/linux/debian bookworm stable",
    "deb [signed-by=/k/tools.gpg] https://tools.example/debian bookworm main",
    "deb http://archive.example/ubuntu noble main",
    "deb cdrom:[x]/ bookworm main",
    "deb https://db.example/apt bookworm-pgdg main",
  ];
  t.equal(chooseMirror(parseLines(others.join("\n"))), undefined);
});
