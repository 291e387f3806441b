import assert from "node:assert/strict";
import { test } from "node:test";
import { NS_STANZAS } from "#protocol/xml/namespaces.ts";
import { StanzaError } from "#protocol/stanza/stanza-error.ts";
import { makeStanza, type Stanza, type StanzaKind } from "#kit/stanza.ts";
import { anyJid, domainJid } from "#testing/addresses.ts";
import { bounce } from "./bounce.ts";
import { OutgoingStanza } from "./outgoing-stanza.ts";
import type { Duty } from "./outgoing-store.ts";

const pair = { local: domainJid("montague.example"), remote: domainJid("capulet.example") };

/** What happens when a stanza goes back. */
function bounced(kind: StanzaKind, type: string, hasDuty: boolean): readonly string[] {
  const events: string[] = [];
  const holds = { hold: () => undefined, release: () => void events.push("released") };
  const duty: Duty = {
    discharge: () => void events.push("discharged"),
    handOver: () => holds,
    heldSince: undefined,
  };
  const head = { from: anyJid("romeo@montague.example"), to: anyJid("juliet@capulet.example"), type };
  const outgoing = new OutgoingStanza(makeStanza(kind, head), pair, 0, hasDuty ? duty : undefined);
  const route = ({ from, to, type: told, element }: Stanza): void => {
    const condition = element.elements().at(-1)?.child(NS_STANZAS, "remote-server-timeout")?.name;
    events.push(`${from} to ${to}: ${told} ${condition}`);
  };
  const observer = {
    returned: (condition: string) => void events.push(`counted ${condition}`),
    errorDropped: () => void events.push("counted as dropped"),
  };
  bounce({ observer, route }, outgoing, new StanzaError("remote-server-timeout"));
  return events;
}

const answer = "juliet@capulet.example to romeo@montague.example: error remote-server-timeout";

for (const { what, kind, type, hasDuty, events } of [
  {
    what: "a message that is held goes back, and is held until its sender has the error [rfc6120-10.4.3-01]",
    kind: "message",
    type: "chat",
    hasDuty: true,
    events: ["counted remote-server-timeout", answer, "released"],
  },
  {
    what: "a request goes back",
    kind: "iq",
    type: "get",
    hasDuty: false,
    events: ["counted remote-server-timeout", answer],
  },
  {
    what: "A13 an error about a message is answered with none, and counted",
    kind: "message",
    type: "error",
    hasDuty: true,
    events: ["counted as dropped", "discharged"],
  },
  { what: "an answer is dropped", kind: "iq", type: "result", hasDuty: false, events: [] },
] as const)
  test(`what could not be brought to another server: ${what}`, () =>
    assert.deepEqual(bounced(kind, type, hasDuty), events));
