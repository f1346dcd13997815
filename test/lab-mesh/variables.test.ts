import t from "tap";
import { renderMeshVariables } from "../../lab/mesh/variables.ts";

t.test("what the role tailscale is told", async (t) => {
  t.strictSame(renderMeshVariables("/cache/apt-tailscale-0123456789abcdef"), {
    tailscale_repository: {
      uris: "http://172.31.0.1:8080/apt-tailscale-0123456789abcdef",
      suites: "bookworm",
      components: "main",
      key_url:
        "http://172.31.0.1:8080/apt-tailscale-0123456789abcdef/tailscale-archive-keyring.asc",
    },
    tailscale_login_server: "https://172.31.0.1:8443",
    tailscale_tags: ["tag:infra-k3s"],
  });
});
