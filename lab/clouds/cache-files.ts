import { createReadStream } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import path from "node:path";
import { pipeline } from "node:stream";

/**
 * `/<entry of the cache>/<file>`; an entry's name ends with the hash of what it was made from. Only
 * `dists` and `pool`, which an apt repository has, are folders that can be seen into.
 */
const filePath =
  /^\/([a-z0-9][a-z0-9.-]*-[0-9a-f]{16})\/((?:(?:dists|pool)\/(?:[\w+-][\w.+-]*\/)*)?[\w+-][\w.+-]*)$/;

interface Range {
  start: number;
  /** The last byte, as HTTP counts. */
  end: number;
}

/**
 * Hands out the files of the cache over HTTP, as a mirror would: whole or one range of bytes.
 * Whatever is not a file right in an entry of the cache, or of an apt repository in it, is not found.
 */
export function createCacheFiles(cacheFolder: string): RequestListener {
  return (request, response) => {
    answer(cacheFolder, request, response).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : undefined);
    });
  };
}

async function answer(
  cacheFolder: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method, headers } = request;
  if (method !== "GET" && method !== "HEAD") {
    sendText(response, 405, "only GET and HEAD\n");
    return;
  }
  const file = await findFile(cacheFolder, request.url ?? "");
  if (file === undefined) {
    sendText(response, 404, "no such file in the cache\n");
    return;
  }
  const { size, mtime } = await stat(file);
  const range = readRange(headers.range, size);
  const common = {
    "accept-ranges": "bytes",
    "content-type": "application/octet-stream",
    "last-modified": mtime.toUTCString(),
  };
  if (range === "unfit") {
    response.writeHead(416, { ...common, "content-range": `bytes */${size}` });
    response.end();
    return;
  }
  const { start, end } = range ?? { start: 0, end: size - 1 };
  response.writeHead(range === undefined ? 200 : 206, {
    ...common,
    "content-length": end - start + 1,
    ...(range === undefined ? {} : { "content-range": `bytes ${start}-${end}/${size}` }),
  });
  if (method === "HEAD" || size === 0) {
    response.end();
    return;
  }
  pipeline(createReadStream(file, { start, end }), response, () => undefined);
}

/** The file that a URL names; undefined unless it lies in an entry, links followed. */
async function findFile(cacheFolder: string, url: string): Promise<string | undefined> {
  const [, entry, name] = filePath.exec(url.split("?", 1)[0] ?? "") ?? [];
  if (entry === undefined || name === undefined) return undefined;
  try {
    const folder = await realpath(path.join(cacheFolder, entry));
    const file = await realpath(path.join(folder, name));
    const isThere = path.dirname(file) === path.dirname(path.join(folder, name));
    return isThere && (await stat(file)).isFile() ? file : undefined;
  } catch (error) {
    if (
      (error as NodeJS.ErrnoException).code === "ENOENT" ||
      (error as NodeJS.ErrnoException).code === "ENOTDIR"
    )
      return undefined;
    throw error;
  }
}

/** One range of RFC 9110, section 14; several, or another unit, are ignored as it allows. */
function readRange(header: string | undefined, size: number): Range | "unfit" | undefined {
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(header ?? "") ?? [];
  if (first === "" && last === "") return undefined;
  const start = first === "" ? Math.max(size - Number(last), 0) : Number(first);
  const end = first === "" || last === "" ? size - 1 : Math.min(Number(last), size - 1);
  return start > end ? "unfit" : { start, end };
}

function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/plain" });
  response.end(text);
}
