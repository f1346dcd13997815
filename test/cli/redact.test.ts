import t from "tap";
import { redact, redactJson, registerSecret } from "../../lib/cli/redact.ts";

t.test("a secret is replaced wherever it stands", async (t) => {
  registerSecret("hunter22");
  t.equal(redact("a hunter22, hunter22!"), "a [secret], [secret]!");
  t.equal(redact("hunter2"), "hunter2");
});

t.test("short values and blanks are no secrets", async (t) => {
  registerSecret("short");
  registerSecret("");
  registerSecret("        ");
  registerSecret("ab       ");
  t.equal(redact("short         ab       "), "short         ab       ");
});

t.test("characters that mean something in a pattern are taken literally", async (t) => {
  registerSecret("a.b*c[d](e)$^|\\/-");
  t.equal(redact("<a.b*c[d](e)$^|\\/->"), "<[secret]>");
  t.equal(redact("aXbbc"), "aXbbc");
});

t.test("the longest secret goes first", async (t) => {
  registerSecret("prefix");
  registerSecret("prefix-and-more");
  t.equal(redact("prefix-and-more prefix"), "[secret] [secret]");
});

t.test("encoded forms are replaced as well", async (t) => {
  const secret = "pä ss/w?rd+&'";
  registerSecret(secret);
  const base64 = Buffer.from(secret).toString("base64");
  for (const form of [
    base64,
    base64.replaceAll("=", ""),
    Buffer.from(secret).toString("base64url"),
    encodeURIComponent(secret),
    new URLSearchParams({ a: secret }).toString().slice(2),
  ]) {
    t.match(redact(`x: ${form};`), /^x: \[secret\]=*;$/, form);
  }
});

t.test("the last newline of a file does not matter", async (t) => {
  registerSecret("from-a-file\n");
  t.equal(redact("token from-a-file, "), "token [secret], ");
  t.equal(redact(btoa("from-a-file\n")), "[secret]");
});

t.test("a lone surrogate does not throw", async (t) => {
  registerSecret("broken\uD800text");
  t.equal(redact("broken\uD800text"), "[secret]");
});

t.test("a secret of several lines", async (t) => {
  const secret = 'line "one"\nline two';
  registerSecret(secret);
  t.equal(redact(secret), "[secret]");
  t.equal(redact('line "one" line two'), "[secret]", "as one line");
  t.equal(redact(JSON.stringify({ secret })), '{"secret":"[secret]"}', "inside JSON");
});

t.test("JSON stays JSON", async (t) => {
  registerSecret("918273645");
  const text = redactJson({ number: 918273645, part: 9182736450, text: "918273645", other: 12 });
  t.same(JSON.parse(text), { number: "[secret]", part: "[secret]0", text: "[secret]", other: 12 });
});
