import { connect } from "node:net";

/**
 * Prints the TCP ports of an address that answer, as JSON. A port that drops what comes is waited
 * for as long as an answer on the lab's own bridge can take on a busy machine.
 */
const [address = "", from = "1", to = "65535"] = process.argv.slice(2);
const atOnce = 1500;
const waitMs = 2500;

const open: number[] = [];
let next = Number(from);

async function scan(): Promise<void> {
  while (next <= Number(to)) {
    const port = next++;
    if (await isOpen(port)) open.push(port);
  }
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const end = (result: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(result);
    };
    const timer = setTimeout(() => end(false), waitMs);
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
  });
}

await Promise.all(Array.from({ length: atOnce }, scan));
process.stdout.write(JSON.stringify(open.toSorted((a, b) => a - b)));
