import { readdirSync, readFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import path from "node:path";

/**
 * Hands out the files below `folder`, which are read now, as raw.githubusercontent.com does:
 * `/<owner>/<repository>/<tag>/<path>`.
 */
export function createUpstreamFiles(folder: string): RequestListener {
  const files = new Map(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => path.join(parentPath, name))
      .toSorted()
      .map((file) => [file.slice(folder.length), readFileSync(file)]),
  );
  const list = [...files.keys()].map((url) => `${url}\n`).join("");
  return ({ method, url }, response) => {
    const file = files.get(url?.split("?", 1)[0] ?? "");
    const hasMethod = method === "GET" || method === "HEAD";
    const status = hasMethod ? (file === undefined ? 404 : 200) : 405;
    const refusal = hasMethod
      ? `the lab has no such file of GitHub, only (lab/upstream-files.ts):\n${list}`
      : "only GET and HEAD\n";
    const body = status === 200 && file !== undefined ? file : Buffer.from(refusal);
    response.writeHead(status, {
      "content-type": "text/plain; charset=utf-8",
      "content-length": body.length,
    });
    response.end(body);
  };
}
