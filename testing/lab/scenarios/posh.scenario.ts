import assert from "node:assert/strict";
import { join } from "node:path";
import { suite, test } from "node:test";
import { Authority } from "../certificates.ts";
import { fingerprintsOf, PoshServer } from "../dane/posh-server.ts";
import { labDir, LabServer } from "../lab.ts";
import { SlixmppPeer } from "../peers/slixmpp.ts";
import { prosody } from "../remotes/prosody.ts";
import { certificateFor, RemoteServer } from "../remotes/remote-server.ts";

const ours = "ours.test";
const alice = `alice@${ours}`;
const home = "prosody.test/.well-known/posh/xmpp-server.json";
const elsewhere = "direct.prosody.test/posh.json";

interface Case {
  readonly name: string;
  /** What the web server has: the remote's own fingerprint, a reference to it elsewhere, or another's fingerprint. */
  readonly page: "own" | "reference" | "other";
  readonly isTrusted: boolean;
  readonly asked: readonly string[];
}

const cases: readonly Case[] = [
  { name: "a certificate that the domain's web server lists", page: "own", isTrusted: true, asked: [home] },
  {
    name: "a certificate that another web server lists for it",
    page: "reference",
    isTrusted: true,
    asked: [home, elsewhere],
  },
  { name: "a certificate that it does not list", page: "other", isTrusted: false, asked: [home] },
];

suite("POSH, with Prosody and a self-signed certificate, where certificates are insisted on", () => {
  for (const { name, page, isTrusted, asked } of cases) {
    test(`${name}: ${isTrusted ? "a word both ways" : "nothing is delivered"}`, async () => {
      await using remote = await RemoteServer.start(prosody, { certificate: "self-signed" });
      const own = await fingerprintsOf(remote.certificate.certificate);
      const other = await fingerprintsOf((await certificateFor(prosody, "good")).certificate);
      const reference = { url: `https://${elsewhere}`, expires: 600 };
      const pages = { [home]: { own, reference, other }[page], [elsewhere]: own };
      const authority = await Authority.open(join(labDir, "ca"));
      const pair = await authority.issue({ name: `web-${page}`, dnsNames: ["prosody.test", "direct.prosody.test"] });
      await using web = await PoshServer.start(prosody.address, pair, pages);
      await using _server = await LabServer.start({
        name: "posh",
        users: [alice],
        federation: { security: "certificate", posh: true },
      });
      await using here = await SlixmppPeer.online({ jid: alice, anyCertificate: true });
      await using there = await SlixmppPeer.online({ jid: remote.user("bob"), anyCertificate: true });
      for (const peer of [here, there]) {
        await peer.order("presence");
        await peer.order("roster");
      }
      await here.order("message", { to: remote.user("bob"), body: "across" });
      if (isTrusted) {
        await there.event("message", (event) => event["body"] === "across");
        await there.order("message", { to: alice, body: "and back" });
        await here.event("message", (event) => event["body"] === "and back");
        const streams = await remote.streamsWith(ours, ["incoming", "outgoing"]);
        assert.deepEqual([...new Set(streams.map(({ by }) => by))], ["EXTERNAL"]);
      } else {
        await here.event("message", (event) => event["type"] === "error");
        assert.deepEqual(await remote.streamsWith(ours), []);
      }
      assert.deepEqual(web.requests, asked);
    });
  }
});
