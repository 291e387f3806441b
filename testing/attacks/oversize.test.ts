import { after, before, test } from "node:test";
import { SocketClient } from "../socket-client.ts";
import { startedServer, type StartedServer } from "../started-server.ts";

const header =
  "<?xml version='1.0'?><stream:stream to='montague.example' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>";
const sasl = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'";
const x = (count: number): string => "x".repeat(count);
const names = (count: number, prefix = ""): string =>
  Array.from({ length: count }, (_, at) => `${prefix}n${at}='u'`).join(" ");
const bind = (resource: string): string =>
  `<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>${resource}</resource></bind></iq>`;

/** How far the stream is when too much comes. */
type Stage = "connected" | "opened" | "authenticated" | "bound";

interface Case {
  readonly what: string;
  readonly stages: readonly Stage[];
  readonly sends: string;
  /** Of what the server says to it. */
  readonly answer: RegExp;
  /** Whether the stream goes on. */
  readonly stays?: boolean;
}

const violation = /<policy-violation [^>]*\/>.*<\/stream:stream>/s;

const cases: readonly Case[] = [
  { what: "header", stages: ["connected"], sends: header.replace("to=", `x='${x(9_000)}' to=`), answer: violation },
  {
    what: "header of attributes",
    stages: ["connected"],
    sends: header.replace("to=", `${names(70)} to=`),
    answer: violation,
  },
  {
    what: "header of namespaces",
    stages: ["connected"],
    sends: header.replace("to=", `${names(40, "xmlns:")} to=`),
    answer: violation,
  },
  {
    what: "host",
    stages: ["connected"],
    sends: header.replace("montague.example", `${x(2_000)}.example`),
    answer: /<(?:host-unknown|improper-addressing)/,
  },
  {
    what: "sender",
    stages: ["connected"],
    sends: header.replace("to=", `from='${x(2_000)}@montague.example' to=`),
    answer: /<(?:improper-addressing|invalid-from)/,
  },
  {
    what: "language",
    stages: ["connected"],
    sends: header.replace("to=", `xml:lang='${x(5_000)}' to=`),
    answer: /<\/stream:features>/,
    stays: true,
  },
  { what: "stanza", stages: ["opened", "authenticated"], sends: `<iq>${x(17_000)}`, answer: violation },
  { what: "stanza", stages: ["bound"], sends: `<message><body>${x(270_000)}`, answer: violation },
  {
    what: "attribute",
    stages: ["opened", "authenticated", "bound"],
    sends: `<iq id='${x(270_000)}`,
    answer: violation,
  },
  { what: "number of attributes", stages: ["opened", "bound"], sends: `<iq ${names(65)}/>`, answer: violation },
  { what: "element name", stages: ["opened", "bound"], sends: `<${x(300)}/>`, answer: violation },
  { what: "attribute name", stages: ["opened", "bound"], sends: `<iq ${x(300)}='1'/>`, answer: violation },
  { what: "depth", stages: ["opened", "bound"], sends: `<iq>${"<a>".repeat(70)}`, answer: violation },
  { what: "number of children", stages: ["bound"], sends: `<iq>${"<a/>".repeat(5_000)}`, answer: violation },
  {
    what: "number of elements",
    stages: ["opened", "authenticated"],
    sends: `<iq>${"<a/>".repeat(200)}`,
    answer: violation,
  },
  {
    what: "number of namespaces",
    stages: ["opened", "bound"],
    sends: `<iq ${names(40, "xmlns:")}/>`,
    answer: violation,
  },
  {
    what: "SASL message",
    stages: ["opened"],
    sends: `<auth ${sasl} mechanism='PLAIN'>${"A".repeat(17_000)}</auth>`,
    answer: violation,
  },
  {
    what: "SASL message below the bound",
    stages: ["opened"],
    sends: `<auth ${sasl} mechanism='PLAIN'>${"QUFB".repeat(3_500)}</auth>`,
    answer: /<(?:malformed-request|not-authorized)/,
    stays: true,
  },
  {
    what: "SASL mechanism",
    stages: ["opened"],
    sends: `<auth ${sasl} mechanism='${x(10_000)}'/>`,
    answer: /<invalid-mechanism/,
    stays: true,
  },
  {
    what: "user name",
    stages: ["opened"],
    sends: `<auth ${sasl} mechanism='PLAIN'>${btoa(`\0${x(1_100)}\0p`)}</auth>`,
    answer: /<(?:malformed-request|not-authorized)/,
    stays: true,
  },
  {
    what: "password",
    stages: ["opened"],
    sends: `<auth ${sasl} mechanism='PLAIN'>${btoa(`\0romeo\0${x(5_000)}`)}</auth>`,
    answer: /<(?:malformed-request|not-authorized)/,
    stays: true,
  },
  {
    what: "resource",
    stages: ["authenticated"],
    sends: bind(x(1_100)),
    answer: /type='error'.*<(?:bad-request|jid-malformed)/s,
    stays: true,
  },
  {
    what: "localpart",
    stages: ["bound"],
    sends: `<iq type='get' id='1' to='${x(1_100)}@montague.example'/>`,
    answer: /<jid-malformed/,
    stays: true,
  },
  {
    what: "domain",
    stages: ["bound"],
    sends: `<iq type='get' id='1' to='${x(1_100)}.example'/>`,
    answer: /<jid-malformed/,
    stays: true,
  },
  {
    what: "resource of an address",
    stages: ["bound"],
    sends: `<iq type='get' id='1' to='juliet@montague.example/${x(1_100)}'/>`,
    answer: /<jid-malformed/,
    stays: true,
  },
  {
    what: "id",
    stages: ["bound"],
    sends: `<iq type='get' id='${x(100_000)}' to='montague.example'><ping xmlns='urn:xmpp:ping'/></iq>`,
    answer: /<iq[^>]* id='x+'/,
    stays: true,
  },
  {
    what: "namespace",
    stages: ["bound"],
    sends: `<iq type='get' id='1' to='montague.example'><q xmlns='urn:${x(100_000)}'/></iq>`,
    answer: /<service-unavailable/,
    stays: true,
  },
];

let started: StartedServer;
before(async () => {
  started = await startedServer("", { accounts: ["romeo@montague.example", "juliet@montague.example"] });
});
after(() => started[Symbol.asyncDispose]());

for (const { what, stages, sends, answer, stays } of cases)
  for (const stage of stages)
    test(`A3 too large a ${what}, ${stage}, ${stays === true ? "is refused and the stream goes on" : "ends the stream"}`, async () => {
      using client = await reach(stage);
      client.send(sends);
      await client.until(answer);
      if (stays === true && stage !== "connected") await goesOn(client, stage);
      using other = await SocketClient.tls(started.tlsPort, "montague.example");
      await other.logIn("juliet", "montague.example", "juliet", "here");
    });

async function reach(stage: Stage): Promise<SocketClient> {
  const client = await SocketClient.tls(started.tlsPort, "montague.example");
  if (stage === "connected") return client;
  if (stage === "bound") {
    await client.logIn("romeo", "montague.example", "romeo", "orchard");
    return client;
  }
  client.open("montague.example");
  await client.until(/<\/stream:features>/);
  if (stage === "opened") return client;
  await client.authenticate("romeo", "romeo");
  client.open("montague.example");
  await client.until(/<\/stream:features>/);
  return client;
}

/** The next step of a log-in, or a request, works as ever. */
async function goesOn(client: SocketClient, stage: Stage): Promise<void> {
  if (stage === "opened") await client.authenticate("romeo", "romeo");
  else if (stage === "authenticated") {
    client.send(bind("orchard"));
    await client.until(/<jid>romeo@montague\.example\/orchard<\/jid>/);
  } else {
    client.send("<iq type='get' id='after' to='montague.example'><ping xmlns='urn:xmpp:ping'/></iq>");
    await client.until(/<iq[^>]* id='after'/);
  }
}
