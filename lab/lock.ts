import { connect, createServer } from "node:net";
import { text } from "node:stream/consumers";
import { exitCodes, InfraError } from "../lib/errors.ts";
import { labName } from "./paths.ts";

/**
 * Linux keeps the names of such sockets in memory: the name is free again as soon as its holder
 * has ended, however it ended, and there is no file to be left behind.
 */
const socketName = `\0${labName}`;

/**
 * Runs `work` while no other command changes the lab of this machine; `command` is what the other
 * one is told. Throws LAB_BUSY.
 */
export async function withLock<Result>(
  command: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const holder = `${command}, process ${process.pid}`;
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.end(holder);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(socketName, resolve);
  }).catch(async (error: NodeJS.ErrnoException) => {
    throw error.code === "EADDRINUSE" ? busy(await readHolder()) : error;
  });
  try {
    return await work();
  } finally {
    server.close();
  }
}

async function readHolder(): Promise<string> {
  const socket = connect(socketName);
  socket.setTimeout(1000, () => socket.destroy());
  return (await text(socket).catch(() => "")) || "another command";
}

function busy(holder: string): InfraError {
  return new InfraError({
    code: "LAB_BUSY",
    message: "the lab is being changed already; nothing was changed",
    why: `${holder} is at it`,
    fix: "Wait until it is done, or end it with Ctrl-C, then run the same command again",
    exitCode: exitCodes.needsPerson,
  });
}
