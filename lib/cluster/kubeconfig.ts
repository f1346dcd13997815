import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { validateHeaderValue } from "node:http";
import type { RequestOptions } from "node:https";
import path from "node:path";
import { createSecureContext } from "node:tls";
import type { KubeConfig, User } from "@kubernetes/client-node";
import { registerSecret } from "../cli/redact.ts";
import { showPath } from "../config/paths.ts";
import { describeError, InfraError, type Place } from "../errors.ts";
import { CredentialsError } from "./api-error.ts";

/** What proves to the API server who asks, and to us that it is the right one. */
export interface Credentials {
  headers: Record<string, string>;
  /** Certificates and the like; an agent only when the way leads through a proxy. */
  connection: RequestOptions;
}

/** Credentials for one request: they may be short-lived. Throws CredentialsError. */
export type Authorize = () => Promise<Credentials>;

export interface Access {
  /** URL without a trailing slash; may have a path. */
  server: string;
  authorize: Authorize;
}

/**
 * Reads a kubeconfig and proves it as far as that goes without the API server; what is secret in
 * it stays out of all output from now on. Throws CLUSTER_KUBECONFIG_MISSING and
 * CLUSTER_KUBECONFIG_INVALID.
 */
export async function readKubeconfig(file: string): Promise<Access> {
  const text = await readText(file);
  const { KubeConfig } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  parse(config, text, file);
  config.users.forEach(registerUser);
  const server = checkContext(config, file);
  const authorize = buildAuthorize(config);
  const credentials = await authorize().catch((error: unknown) => {
    throw invalid(file, describeError(error));
  });
  checkCredentials(credentials, file);
  return { server, authorize };
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") {
      throw invalid(file, describeError(error));
    }
    throw new InfraError({
      code: "CLUSTER_KUBECONFIG_MISSING",
      message: `there is no kubeconfig at ${showPath(file)}`,
      fix: fetchFix(file),
    });
  }
}

/** What js-yaml throws; its message quotes the lines around the place, and with them secrets. */
interface YamlError extends Error {
  reason: string;
  mark?: { line: number; column: number };
}

function parse(config: KubeConfig, text: string, file: string): void {
  try {
    config.loadFromString(text);
    config.makePathsAbsolute(path.dirname(file));
  } catch (error) {
    if (error instanceof Error && "reason" in error) {
      const { reason, mark } = error as YamlError;
      throw invalid(file, reason, mark && { line: mark.line + 1, column: mark.column + 1 });
    }
    // The library takes the shape of the file for granted.
    const misshapen = error instanceof TypeError;
    throw invalid(
      file,
      misshapen ? "it does not have the shape of a kubeconfig" : describeError(error),
    );
  }
}

/** Returns the server of the current context. */
function checkContext(config: KubeConfig, file: string): string {
  const { currentContext } = config;
  if (!currentContext) throw invalid(file, "it names no current-context");
  const context = config.getContextObject(currentContext);
  if (context === null) throw invalid(file, `it has no context "${currentContext}"`);
  const cluster = config.getCluster(context.cluster);
  if (cluster === null) throw invalid(file, `it has no cluster "${context.cluster}"`);
  const user = config.getUser(context.user);
  if (user === null) throw invalid(file, `it has no user "${context.user ?? ""}"`);
  const { server } = cluster;
  if (!/^https?:$/.test(URL.parse(server)?.protocol ?? "")) {
    throw invalid(file, `its server "${server}" is not an http or https URL`);
  }
  if (server.startsWith("https:") && !hasCredentials(user)) {
    throw invalid(
      file,
      `user "${user.name}" has neither a client certificate, a token nor a plugin`,
    );
  }
  return server;
}

function hasCredentials(user: User): boolean {
  const { certData, certFile, token, exec, authProvider, username } = user;
  return [certData, certFile, token, exec, authProvider, username].some(Boolean);
}

function buildAuthorize(config: KubeConfig): Authorize {
  const proxied = Boolean(config.getCurrentCluster()?.proxyUrl);
  const registered = new Set<string>();
  function register(value: string): void {
    if (registered.has(value)) return;
    registered.add(value);
    registerSecret(value);
  }
  return async () => {
    const options: RequestOptions = {};
    try {
      await config.applyToHTTPSOptions(options);
    } catch (error) {
      // A SyntaxError quotes what the plugin printed, which may be a token.
      const { exec } = config.getCurrentUser() ?? {};
      const misprinted = exec && (error instanceof SyntaxError || error instanceof TypeError);
      const why = misprinted ? "its plugin prints no ExecCredential" : describeError(error).trim();
      throw new CredentialsError(why, misprinted ? {} : { cause: error });
    }
    // A plugin makes new tokens and keys as the old ones expire.
    const headers = { ...(options.headers as Record<string, string> | undefined) };
    const { Authorization: header } = headers;
    if (header !== undefined) register(header.replace(/^Bearer /, ""));
    if (options.key) register((options.key as Buffer | string).toString());
    const { headers: _, agent, ...connection } = options;
    return { headers, connection: proxied ? { ...connection, agent } : connection };
  };
}

function registerUser({ token, password, keyData, authProvider }: User): void {
  const settings = (authProvider?.config ?? {}) as Record<string, unknown>;
  const names = ["access-token", "id-token", "refresh-token", "client-secret"];
  const values = [token, password, keyData, ...names.map((name) => settings[name])];
  for (const value of values) if (typeof value === "string") registerSecret(value);
}

function checkCredentials({ headers, connection }: Credentials, file: string): void {
  const { ca, cert, key } = connection;
  const part = (name: string, check: () => unknown): void => {
    try {
      check();
    } catch (error) {
      throw invalid(file, `its ${name} cannot be used: ${describeError(error)}`);
    }
  };
  const { Authorization: header } = headers;
  if (header !== undefined) part("token", () => validateHeaderValue("authorization", header));
  // Node itself takes what is no certificate authority without a word, and then trusts no server.
  if (ca) part("certificate authority", () => new X509Certificate(ca as Buffer));
  if (Boolean(cert) !== Boolean(key)) {
    throw invalid(
      file,
      `it has a client ${cert ? "certificate without its key" : "key without its certificate"}`,
    );
  }
  if (cert) part("client certificate", () => new X509Certificate(cert as Buffer));
  if (key) part("client key", () => createPrivateKey(key as Buffer));
  part("client certificate and key", () => createSecureContext({ cert, key }));
}

function invalid(file: string, why: string, place: Omit<Place, "file"> = {}): InfraError {
  return new InfraError({
    code: "CLUSTER_KUBECONFIG_INVALID",
    message: "the kubeconfig cannot be used",
    where: { file: showPath(file), ...place },
    why,
    fix: fetchFix(file),
  });
}

function fetchFix(file: string): string {
  return `Copy /etc/rancher/k3s/k3s.yaml from a server to ${showPath(file)}, and set the server's address in it`;
}
