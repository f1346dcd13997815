import type { RequestListener } from "node:http";
import { answerByCgi, type CgiProgram } from "./cgi.ts";

export interface GitServerOptions {
  /** Every bare repository right in it is served by its name. */
  folder: string;
  user: string;
  password: string;
}

/**
 * Git's own server over HTTP (git-http-backend(1)), for one user who may read. Nothing can be pushed,
 * and the protocol that serves a repository file by file is off.
 */
export function createGitServer({ folder, user, password }: GitServerOptions): RequestListener {
  const login = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
  const program: CgiProgram = {
    argv: ["git", "http-backend"],
    env: {
      PATH: process.env["PATH"] ?? "",
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: "1",
      // The machine's own settings of Git are none of the lab's business.
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_CONFIG_COUNT: "2",
      GIT_CONFIG_KEY_0: "http.receivepack",
      GIT_CONFIG_VALUE_0: "false",
      GIT_CONFIG_KEY_1: "http.getanyfile",
      GIT_CONFIG_VALUE_1: "false",
    },
  };
  return (request, response) => {
    if (request.headers.authorization === login) {
      answerByCgi(program, request, response).catch(() => response.destroy());
      return;
    }
    request.resume();
    response.writeHead(401, { "www-authenticate": 'Basic realm="git of the lab"' });
    response.end();
  };
}
