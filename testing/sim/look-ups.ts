import type { ClientSession } from "./client-session.ts";
import { shownItem } from "./shown-item.ts";
import type { SimClient } from "./sim-client.ts";
import { NS_MAM } from "./take-stanza.ts";

const NS_RSM = "http://jabber.org/protocol/rsm";
/** Messages of a page of the archive: few, so that there are pages. */
const archivePageMax = 15;
/** When a server could not answer what a client must know. */
const askAgainMs = 5_000;

/** Reads the archive page by page, from where it has read to the end before. */
export function catchUp(client: SimClient, session: ClientSession, after: string | undefined, done: () => void): void {
  const place = after === undefined ? "" : `<after>${after}</after>`;
  const page = `<set xmlns='${NS_RSM}'><max>${archivePageMax}</max>${place}</set>`;
  client.request("set", undefined, `<query xmlns='${NS_MAM}'>${page}</query>`, (answer) => {
    if (client.session !== session) return;
    const end = answer.child(NS_MAM, "fin");
    // It cannot be read at present: that is left for the next time.
    if (end === undefined) return done();
    const last = end.child(NS_RSM, "set")?.child(NS_RSM, "last")?.text;
    if (end.attr("complete") !== "true") return catchUp(client, session, last ?? after, done);
    client.readTo = last ?? after;
    return done();
  });
}

export function askForBlockList(client: SimClient, session: ClientSession): void {
  if (client.session !== session) return;
  client.request("get", undefined, "<blocklist xmlns='urn:xmpp:blocking'/>", (answer) => {
    if (answer.attr("type") !== "result") {
      client.world.clock.after(askAgainMs, () => askForBlockList(client, session));
      return;
    }
    const items = answer.child("urn:xmpp:blocking", "blocklist")?.elements();
    if (items !== undefined) session.blocked = new Set(items.map((item) => item.attr("jid") ?? ""));
  });
}

export function askForRoster(client: SimClient): void {
  const { session, rosterKept } = client;
  if (session === undefined) return;
  const versioned = client.part.versioned && session.roster === undefined;
  const ver = versioned ? ` ver='${rosterKept?.version ?? ""}'` : "";
  client.request("get", undefined, `<query xmlns='jabber:iq:roster'${ver}/>`, (answer) => {
    if (answer.attr("type") !== "result") {
      client.world.clock.after(askAgainMs, () => {
        if (client.session === session && session.roster === undefined) askForRoster(client);
      });
      return;
    }
    const query = answer.child("jabber:iq:roster", "query");
    // An empty answer: what is remembered holds, and changes follow.
    session.rosterVersion = query?.attr("ver") ?? rosterKept?.version;
    session.roster =
      query === undefined
        ? new Map(rosterKept?.items)
        : new Map(query.elements().map((item) => [item.attr("jid") ?? "", shownItem(item)]));
    session.catchesUp = query === undefined;
    client.showsRoster(session);
  });
}
