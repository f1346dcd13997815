import { spawn } from "node:child_process";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream";
import type { Readable } from "node:stream";

export interface CgiProgram {
  argv: readonly [string, ...string[]];
  /** Its environment, beside what it is told of the request. */
  env: Readonly<Record<string, string>>;
}

/** More than any program has to say there. */
const longestHead = 64 * 1024;

/**
 * Lets a CGI program (RFC 3875) answer a request; both bodies are streamed, and what it writes to
 * stderr goes to ours. It is ended when the client leaves. A program that gives no answer is told to
 * the client as 502.
 */
export async function answerByCgi(
  { argv: [program, ...args], env }: CgiProgram,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const child = spawn(program, args, {
    env: { ...env, ...describeRequest(request) },
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.on("error", () => undefined);
  // It need not read the whole of a request; the rest has to be taken in, or no answer is read.
  child.stdin.on("error", () => request.resume());
  const end = () => {
    child.kill();
    // For what it has started, and has left behind.
    child.stdout.destroy();
  };
  response.once("close", end);
  request.pipe(child.stdin);
  try {
    await once(child, "spawn");
    const { status, headers, rest } = await readHead(child.stdout);
    response.writeHead(status, headers);
    response.write(rest);
  } catch (error) {
    end();
    response.writeHead(502, { "content-type": "text/plain" });
    response.end(`${program} gave no answer: ${error instanceof Error ? error.message : ""}\n`);
    return;
  }
  pipeline(child.stdout, response, () => undefined);
}

function describeRequest({ method, url = "", headers }: IncomingMessage): NodeJS.ProcessEnv {
  const [, pathInfo, query] = /^([^?]*)\??(.*)$/.exec(url) ?? [];
  return {
    GATEWAY_INTERFACE: "CGI/1.1",
    SERVER_PROTOCOL: "HTTP/1.1",
    REQUEST_METHOD: method,
    PATH_INFO: pathInfo,
    QUERY_STRING: query,
    CONTENT_TYPE: headers["content-type"],
    CONTENT_LENGTH: headers["content-length"],
    HTTP_CONTENT_ENCODING: headers["content-encoding"],
    HTTP_GIT_PROTOCOL: headers["git-protocol"]?.toString(),
  };
}

interface Head {
  status: number;
  /** Names and values in turn. */
  headers: string[];
  /** What has been read of the body. */
  rest: Buffer;
}

/** Reads up to the empty line; the stream goes on behind `rest`. */
async function readHead(output: Readable): Promise<Head> {
  let read = Buffer.alloc(0);
  for await (const part of output.iterator({ destroyOnReturn: false })) {
    read = Buffer.concat([read, part as Buffer]);
    const text = read.toString("latin1");
    const end = /\r?\n\r?\n/.exec(text);
    if (end !== null) {
      const { index, 0: gap } = end;
      return { ...parseHead(text.slice(0, index)), rest: read.subarray(index + gap.length) };
    }
    if (read.length > longestHead) throw new Error("its headers have no end");
  }
  throw new Error("it ended before its headers did");
}

function parseHead(text: string): Pick<Head, "status" | "headers"> {
  let status = 200;
  const headers: string[] = [];
  for (const line of text.split(/\r?\n/)) {
    const [, name, value] = /^([^\s:]+):\s*(.*?)\s*$/.exec(line) ?? [];
    if (name === undefined || value === undefined) throw new Error(`it has a header "${line}"`);
    if (name.toLowerCase() === "status") status = Number.parseInt(value, 10);
    else headers.push(name, value);
  }
  return { status, headers };
}
