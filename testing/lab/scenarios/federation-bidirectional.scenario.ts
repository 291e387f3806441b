import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { listServers } from "../balcony-process.ts";
import { serverAddress } from "../network.ts";
import type { SlixmppPeer } from "../peers/slixmpp.ts";
import { meet, type MeetingPlace } from "../remotes/meeting.ts";
import { prosody } from "../remotes/prosody.ts";
import { twin } from "../remotes/twin.ts";
import { serverConnections } from "../server-connections.ts";

const ours = "ours.test";
const alice = `alice@${ours}`;

for (const software of [prosody, twin])
  suite(software.name, () => {
    for (const first of ["we", "they"] as const)
      test(`stanzas both ways on the one connection that ${first} open`, async () => {
        await using place = await meet(software, {
          our: "dialback",
          ours: { bidirectional: true },
          remote: { bidirectional: true },
        });
        await converse(place, first);
        const { server, remote } = place;
        const acceptedBy = first === "we" ? software.address : serverAddress;
        assert.deepEqual(await serverConnections(), { [acceptedBy]: 1 }, "as the kernel counts");
        const { streams } = await listServers(server.dir);
        assert.deepEqual(
          streams.map(({ local, remote: with_, ways, openedBy, managed }) => ({
            local,
            with_,
            ways,
            openedBy,
            managed,
          })),
          [
            {
              local: ours,
              with_: remote.domain,
              ways: "both",
              openedBy: first === "we" ? "us" : "them",
              managed: true,
            },
          ],
        );
        if (software === twin) {
          const theirs = await listServers(remote.dir);
          assert.deepEqual(
            theirs.streams.map(({ local, ways, openedBy }) => ({ local, ways, openedBy })),
            [{ local: remote.domain, ways: "both", openedBy: first === "we" ? "them" : "us" }],
          );
        } else {
          const direction = first === "we" ? "incoming" : "outgoing";
          assert.deepEqual(await remote.streamsWith(ours, [direction]), [{ direction, by: "EXTERNAL", tls: true }]);
        }
      });

    for (const [who, settings] of [
      ["we", { ours: { bidirectional: false }, remote: { bidirectional: true } }],
      ["they", { ours: { bidirectional: true }, remote: { bidirectional: false } }],
    ] as const)
      test(`where ${who} do not want that, each way has a connection of its own`, async () => {
        await using place = await meet(software, { our: "dialback", ...settings });
        await converse(place, "we");
        assert.deepEqual(await serverConnections(), { [serverAddress]: 1, [software.address]: 1 });
        const { streams } = await listServers(place.server.dir);
        assert.deepEqual(streams.map(({ ways, openedBy }) => `${ways} ${openedBy}`).toSorted(), ["in them", "out us"]);
      });
  });

/** Several words each way, beginning with one of them. */
async function converse({ here, there, remote }: MeetingPlace, first: "we" | "they"): Promise<void> {
  const we = { peer: here, to: remote.user("bob"), hears: there, words: ["one", "three"] };
  const they = { peer: there, to: alice, hears: here, words: ["two", "four"] };
  const [opening, answering] = first === "we" ? [we, they] : [they, we];
  for (const [word] of opening.words.entries())
    for (const side of [opening, answering]) await say(side.peer, side.to, String(side.words[word]), side.hears);
}

async function say(from: SlixmppPeer, to: string, body: string, hears: SlixmppPeer): Promise<void> {
  await from.order("message", { to, body });
  await hears.event("message", (event) => event["body"] === body);
}
