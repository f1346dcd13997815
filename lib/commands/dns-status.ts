import { commonFlags } from "../cli/common-flags.ts";
import { defineCommand } from "../cli/define-command.ts";
import { exitCodes } from "../errors.ts";

export const dnsStatus = defineCommand({
  script: "scripts/dr/dns-status.ts",
  summary: "Show who owns every DNS name, where it points, and what it resolves to",
  examples: [
    { line: "zx scripts/dr/dns-status.ts", does: "look at the zone of config/dns/records.yaml" },
    {
      line: "zx scripts/dr/dns-status.ts --resolver 1.1.1.1",
      does: "ask this resolver instead of the one of this machine",
    },
    { line: "zx scripts/dr/dns-status.ts --json", does: "the same for a program" },
  ],
  flags: {
    resolver: {
      type: "string",
      value: "ADDRESS",
      help: "the resolver to ask, an address with or without a port",
    },
    site: commonFlags.site,
    json: commonFlags.json,
    verbose: commonFlags.verbose,
  },
  async run({ flags }, terminal) {
    const [config, records, connect, resolving, status, render] = await Promise.all([
      import("../config/site.ts"),
      import("./static-records.ts"),
      import("../dns/connect-dns.ts"),
      import("../dns/resolver.ts"),
      import("../dns/status.ts"),
      import("../dns/render-status.ts"),
    ]);
    const { env } = process;
    const site = await config.loadSite({ site: flags.site, env });
    const resolver = await resolving.connectResolver(flags.resolver);
    const declared = await records.loadSiteRecords(site);
    terminal.err(`Site ${site.name} (${site.folder}), zone ${declared.zone}\n`);
    const dns = connect.connectDns(site, env);
    const found = await status.readDnsStatus({ dns, resolver }, declared);
    return {
      exitCode: found.findings === 0 ? exitCodes.done : exitCodes.findings,
      text: render.renderDnsStatus(found),
      json: found,
    };
  },
});
