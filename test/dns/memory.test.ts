import t from "tap";
import { checkDns } from "../support/dns-contract.ts";
import { createDns } from "../support/memory/dns.ts";

await t.test("the zones of the tests' own world behave like Cloudflare's", async (t) => {
  await checkDns(t, async () => createDns());
});
