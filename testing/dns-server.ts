import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { AUTHENTIC_DATA, decode, encode, RECURSION_AVAILABLE, TRUNCATED_RESPONSE, type Answer } from "dns-packet";

/** FORMERR: what a server says to what it does not understand. */
const formatError = 1;
/** Ports that are tried. */
const portTriesMax = 20;

/** What a test's DNS has under one name and type. */
export interface ZoneEntry {
  readonly answers?: readonly Answer[];
  readonly authorities?: readonly Answer[];
  /** 0 unless said otherwise: 2 is SERVFAIL, 3 NXDOMAIN, 5 REFUSED. */
  readonly code?: number;
  /** Says that it has validated what it answers. */
  readonly authentic?: boolean;
  /** Knows nothing of extensions (EDNS), as servers of before 1999, and says so. */
  readonly old?: boolean;
  /** Too long for a datagram. */
  readonly truncated?: boolean;
  /** Datagrams are not answered, or none at all. */
  readonly silent?: "datagrams" | "all";
  /** Messages to be sent instead of the true answer, or before it. */
  readonly forge?: (truth: Buffer) => readonly Uint8Array[];
}

export interface TestDns extends AsyncDisposable {
  readonly address: string;
  readonly port: number;
  /** "TYPE name" of every question that came, in order; "tcp TYPE name" over TCP. */
  readonly asked: string[];
  /** The names as they were spelt. */
  readonly spelt: string[];
}

/** A key is "TYPE name"; what is not there does not exist. */
export type Zone = ReadonlyMap<string, ZoneEntry | (() => ZoneEntry)>;

/** A DNS server on loopback that knows what the test says, and lies as the test says. */
export async function startDns(zone: Zone): Promise<TestDns> {
  const asked: string[] = [];
  const spelt: string[] = [];
  const { udp, tcp, port } = await openPort();
  udp.on("message", (message, from) => {
    for (const reply of repliesTo(message, "")) udp.send(reply, from.port, from.address);
  });
  const open = new Set<Socket>();
  tcp.on("connection", (socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    socket.on("error", () => {});
    socket.on("data", (bytes: Buffer) => {
      for (const reply of repliesTo(bytes.subarray(2), "tcp ")) {
        const framed = Buffer.concat([Buffer.from([reply.length >> 8, reply.length & 0xff]), reply]);
        // In pieces, as a network may.
        socket.write(framed.subarray(0, 1));
        socket.write(framed.subarray(1));
      }
    });
  });

  function repliesTo(message: Buffer, by: "" | "tcp "): readonly Uint8Array[] {
    const query = decode(message);
    const [question] = query.questions ?? [];
    if (question === undefined) return [];
    const key = `${question.type} ${question.name.toLowerCase()}`;
    asked.push(by + key);
    spelt.push(question.name);
    const found = zone.get(key) ?? { code: 3 };
    const entry = typeof found === "function" ? found() : found;
    if (entry.silent === "all" || (entry.silent === "datagrams" && by === "")) return [];
    if (entry.old === true && (query.additionals ?? []).length > 0)
      return [Buffer.from(encode({ type: "response", id: query.id ?? 0, flags: formatError })).subarray(0, 12)];
    const cut = entry.truncated === true && by === "";
    const truth = encode({
      type: "response",
      id: query.id ?? 0,
      flags:
        RECURSION_AVAILABLE |
        (cut ? TRUNCATED_RESPONSE : 0) |
        (entry.authentic ? AUTHENTIC_DATA : 0) |
        (entry.code ?? 0),
      questions: [question],
      answers: cut ? [] : [...(entry.answers ?? [])],
      authorities: [...(entry.authorities ?? [])],
    });
    return by === "" && entry.forge !== undefined ? entry.forge(truth) : [truth];
  }

  return {
    address: "127.0.0.1",
    port,
    asked,
    spelt,
    [Symbol.asyncDispose]: async () => {
      udp.close();
      for (const socket of open) socket.destroy();
      tcp.close();
      await once(tcp, "close");
    },
  };
}

/** The same port for datagrams and for connections: one that is free for one of them may be taken for the other. */
async function openPort(): Promise<{ readonly udp: UdpSocket; readonly tcp: Server; readonly port: number }> {
  for (let tries = 1; ; tries += 1) {
    const udp = createSocket("udp4");
    udp.bind(0, "127.0.0.1");
    await once(udp, "listening");
    const { port } = udp.address();
    const tcp = createServer();
    try {
      tcp.listen(port, "127.0.0.1");
      await once(tcp, "listening");
      return { udp, tcp, port };
    } catch (error) {
      udp.close();
      if (tries === portTriesMax) throw error;
    }
  }
}

export function addressRecord(name: string, address: string, ttl = 300): Answer {
  return { type: address.includes(":") ? "AAAA" : "A", name, ttl, data: address };
}

export function aliasRecord(name: string, target: string, ttl = 300): Answer {
  return { type: "CNAME", name, ttl, data: target };
}

/** @param text "priority weight port target", as in a zone file */
export function serviceRecord(name: string, text: string, ttl = 300): Answer {
  const [priority, weight, port, target = "."] = text.split(" ");
  return {
    type: "SRV",
    name,
    ttl,
    data: { priority: Number(priority), weight: Number(weight), port: Number(port), target },
  };
}

export function tlsaRecord(name: string, data: Uint8Array, ttl = 300): Answer {
  return {
    type: "TLSA",
    name,
    ttl,
    data: { usage: 3, selector: 1, matchingType: 1, certificate: Buffer.from(data) },
  };
}

/** Says for how long it holds that there is nothing. */
export function authorityRecord(name: string, minimum: number): Answer {
  return {
    type: "SOA",
    name,
    ttl: minimum,
    data: { mname: "ns.example", rname: "admin.example", serial: 1, refresh: 1, retry: 1, expire: 1, minimum },
  };
}
