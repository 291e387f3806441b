import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { suite, test } from "node:test";
import { SignedZone, serverRecords, tlsaRecord, validatingResolver } from "../dane/signed-zone.ts";
import { LabServer } from "../lab.ts";
import { SlixmppPeer } from "../peers/slixmpp.ts";
import { prosody } from "../remotes/prosody.ts";
import { certificateFor, RemoteServer, type RemoteCertificate } from "../remotes/remote-server.ts";
import type { Federation } from "../target.ts";

const ours = "ours.test";
const alice = `alice@${ours}`;
const launcher = new URL("../../../balcony", import.meta.url).pathname;

interface Case {
  readonly name: string;
  readonly certificate: RemoteCertificate;
  /** What the zone says of certificates: DANE-EE of the remote's, DANE-TA of its authority's, DANE-EE of another's. */
  readonly tlsa?: "own" | "authority" | "other";
  readonly isForged?: boolean;
  readonly security: Federation["security"];
  /** Undefined: a word goes both ways, and the remote server tells that it was by certificates. */
  readonly refused?: RegExp;
}

const cases: readonly Case[] = [
  {
    name: "a self-signed certificate that the domain lists",
    certificate: "self-signed",
    tlsa: "own",
    security: "certificate",
  },
  {
    name: "an expired certificate that the domain lists",
    certificate: "expired",
    tlsa: "own",
    security: "certificate",
  },
  {
    name: "a certificate for another name that the domain lists",
    certificate: "wrong-name",
    tlsa: "own",
    security: "certificate",
  },
  {
    name: "a certificate of an authority that only the domain knows",
    certificate: "unknown-authority",
    tlsa: "authority",
    security: "certificate",
  },
  {
    name: "a good certificate of a domain that is signed and lists none",
    certificate: "good",
    security: "certificate",
  },
  {
    name: "a self-signed certificate of a domain that is signed and lists none",
    certificate: "self-signed",
    security: "certificate",
    refused: /remote-server/,
  },
  {
    name: "a good certificate that is not the one that the domain lists",
    certificate: "good",
    tlsa: "other",
    security: "certificate",
    refused: /remote-server/,
  },
  {
    name: "the same, where dialback would do",
    certificate: "good",
    tlsa: "other",
    security: "dialback",
    refused: /remote-server/,
  },
  {
    name: "a good certificate of a domain whose records look forged",
    certificate: "good",
    isForged: true,
    security: "dialback",
    refused: /remote-server-timeout/,
  },
];

suite("DANE, with Prosody in a signed zone", () => {
  for (const { name, certificate, tlsa, isForged = false, security, refused } of cases) {
    test(`${name}: ${refused === undefined ? "a word both ways" : "nothing is delivered"}`, async () => {
      await using remote = await RemoteServer.start(prosody, { certificate });
      const own = remote.certificate.certificate;
      const other = await certificateFor(prosody, "good");
      const listed = {
        own: () => tlsaRecord(3, own),
        authority: () => tlsaRecord(2, own),
        other: () => tlsaRecord(3, other.certificate),
      };
      const records = [
        ...serverRecords(remote.domain, prosody.address),
        ...(tlsa === undefined ? [] : [await listed[tlsa]()]),
      ];
      await using _zone = await SignedZone.start({ name: remote.domain, records, isForged });
      await using _server = await LabServer.start({
        name: "dane",
        users: [alice],
        federation: { security, resolver: { address: validatingResolver, validates: true } },
      });
      await using here = await SlixmppPeer.online({ jid: alice, anyCertificate: true });
      await using there = await SlixmppPeer.online({ jid: remote.user("bob"), anyCertificate: true });
      for (const peer of [here, there]) {
        await peer.order("presence");
        await peer.order("roster");
      }
      await here.order("message", { to: remote.user("bob"), body: "across" });
      if (refused !== undefined) {
        const bounced = await here.event("message", (event) => event["type"] === "error");
        assert.match(JSON.stringify(bounced), refused);
        assert.deepEqual(await remote.streamsWith(ours), []);
        return;
      }
      await there.event("message", (event) => event["body"] === "across");
      await there.order("message", { to: alice, body: "and back" });
      await here.event("message", (event) => event["body"] === "and back");
      const streams = await remote.streamsWith(ours, ["incoming", "outgoing"]);
      assert(streams.length > 0);
      assert.deepEqual([...new Set(streams.map(({ by }) => by))], ["EXTERNAL"]);
    });
  }
});

suite("balcony check, in a signed zone", () => {
  test("tells that DANE stands for a self-signed certificate, and what is wrong with another", async () => {
    await using remote = await RemoteServer.start(prosody, { certificate: "self-signed" });
    const records = serverRecords(remote.domain, prosody.address);
    const own = await tlsaRecord(3, remote.certificate.certificate);
    {
      await using _zone = await SignedZone.start({ name: remote.domain, records: [...records, own] });
      const found = await check(remote.domain);
      assert.match(found, /good trust prosody\.test:5269: other servers trust it for prosody\.test by DANE/);
    }
    const other = await certificateFor(prosody, "good");
    const wrong = await tlsaRecord(3, other.certificate);
    await using _zone = await SignedZone.start({ name: remote.domain, records: [...records, wrong] });
    assert.match(await check(remote.domain), /bad trust prosody\.test:5269: its TLSA records are wrong/);
  });
});

/** Findings, one a line. */
async function check(domain: string): Promise<string> {
  const printed = await new Promise<string>((resolve) => {
    const argv = ["check", domain, "--json", "--resolver", validatingResolver];
    execFile(launcher, argv, (_, stdout) => resolve(stdout));
  });
  const parsed: unknown = JSON.parse(printed);
  assert(typeof parsed === "object" && parsed !== null && "findings" in parsed && Array.isArray(parsed.findings));
  return parsed.findings
    .map(({ state, area, text }: Readonly<Record<string, string>>) => `${state} ${area} ${text}`)
    .join("\n");
}
