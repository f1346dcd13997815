import type { JSONSchema } from "json-schema-to-ts";

const secret = { type: "string", writeOnly: true } as const;

/** group_vars/all/vault.yml, once it is decrypted. */
export const vaultSchema = {
  $id: "vault",
  type: "object",
  additionalProperties: false,
  required: ["vault_tailscale_authkey", "vault_vultr_password", "vault_k3s_token"],
  properties: {
    vault_tailscale_authkey: {
      ...secret,
      minLength: 1,
      description: "the auth key with which hosts join the mesh",
    },
    vault_vultr_password: {
      ...secret,
      description:
        'the password of the hosts that are logged in to with one; "" without such hosts',
    },
    vault_k3s_token: {
      ...secret,
      minLength: 16,
      description: "the token with which nodes join the cluster, of 16 characters or more",
    },
  },
} as const satisfies JSONSchema;
