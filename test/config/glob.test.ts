import t from "tap";
import { matchesGlob } from "../../lib/config/glob.ts";

t.test("patterns fit as Argo CD lets them fit", async (t) => {
  for (const [pattern, text, separator = ""] of [
    ["*", "shop"],
    ["shop-*", "shop-web"],
    ["sho?", "shop"],
    ["{shop,till}", "till"],
    ["[st]hop", "shop"],
    ["[!t]hop", "shop"],
    ["a,b", "a,b"],
    ["https://*.example.org/*", "https://git.example.org/infra", "/"],
    ["https://git.example.org/**", "https://git.example.org/a/b", "/"],
    ["ingress-nginx/*", "ingress-nginx/application.yaml"],
  ] as const) {
    t.ok(matchesGlob(pattern, text, separator), `${pattern} ${text}`);
  }
  for (const [pattern, text, separator = ""] of [
    ["", "shop"],
    ["shop", "shops"],
    ["sho?", "sho"],
    ["a.c", "abc"],
    ["[!s]hop", "shop"],
    ["https://git.example.org/*", "https://git.example.org/a/b", "/"],
    ["{shop", "shop"],
  ] as const) {
    t.notOk(matchesGlob(pattern, text, separator), `${pattern} ${text}`);
  }
});
