import { createSocket } from "node:dgram";
import type { Test } from "tap";

/** What a name has: `A 192.0.2.1`, `CNAME other.example`, `TXT text`; "refuse" and "hang" answer nothing. */
export type Answers = Record<string, string[] | "refuse" | "hang">;

const typeNumbers: Readonly<Record<string, number>> = {
  A: 1,
  NS: 2,
  CNAME: 5,
  MX: 15,
  TXT: 16,
  AAAA: 28,
};

/** A resolver on loopback that knows these names only (RFC 1035); returns its address with the port. */
export async function startFakeDnsServer(t: Test, answers: Answers): Promise<string> {
  const socket = createSocket("udp4");
  socket.on("message", (question, { port, address }) => {
    const { name, type, end } = readQuestion(question);
    const known = answers[name];
    if (known === "hang") return;
    const texts = Array.isArray(known) ? known.map((text) => text.split(/ (.*)/s)) : [];
    const records = texts
      .filter(([kind = ""]) => typeNumbers[kind] === type)
      .map(([kind = "", content = ""]) => encodeRecord(kind, content));
    const header = Buffer.alloc(12);
    question.copy(header, 0, 0, 2);
    const code = known === "refuse" ? 5 : known === undefined ? 3 : 0;
    header.writeUInt16BE(0x8180 | code, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(records.length, 6);
    const answer = Buffer.concat([header, question.subarray(12, end), ...records]);
    socket.send(answer, port, address);
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  t.teardown(() => void socket.close());
  return `127.0.0.1:${socket.address().port}`;
}

function readQuestion(message: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    labels.push(message.toString("latin1", at + 1, at + 1 + length));
    at += length + 1;
  }
  return { name: labels.join(".").toLowerCase(), type: message.readUInt16BE(at + 1), end: at + 5 };
}

function encodeRecord(kind: string, content: string): Buffer {
  const data = encodeContent(kind, content);
  const head = Buffer.alloc(12);
  // The name of the question, class IN, a TTL of one minute.
  head.writeUInt16BE(0xc00c, 0);
  head.writeUInt16BE(typeNumbers[kind] ?? 0, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(60, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

function encodeContent(kind: string, content: string): Buffer {
  switch (kind) {
    case "A":
      return Buffer.from(content.split(".").map(Number));
    case "AAAA":
      return Buffer.from(content.split(":").join(""), "hex");
    case "TXT":
      return Buffer.concat([Buffer.from([content.length]), Buffer.from(content)]);
    case "MX": {
      const [priority, name = ""] = content.split(" ");
      return Buffer.concat([Buffer.from([0, Number(priority)]), encodeName(name)]);
    }
    default:
      return encodeName(content);
  }
}

function encodeName(name: string): Buffer {
  const labels = name.split(".").map((label) => [Buffer.from([label.length]), Buffer.from(label)]);
  return Buffer.concat([...labels.flat(), Buffer.from([0])]);
}
