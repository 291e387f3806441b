import assert from "node:assert/strict";
import { domainOf, parseJid, type DomainJid } from "#protocol/jid/jid.ts";
import type { ComponentEffect, ComponentInput } from "#protocol/stream/component/component-input.ts";
import { handshakeOf } from "#protocol/stream/component/handshake.ts";
import { beComponent, domain, serveComponent } from "#protocol/stream/component/testing/component-wire.ts";
import { StreamError } from "#protocol/stream/stream-error.ts";
import { NS_COMPONENT_ACCEPT } from "#protocol/xml/namespaces.ts";
import { parseElement, XmlStreamReader } from "#protocol/xml/read.ts";
import { serialize } from "#protocol/xml/serialize.ts";
import { admitFromComponent } from "#server/components/admit-component.ts";
import { componentLines, componentScripts } from "../component-inputs.ts";
import { looseTextOf } from "../engine/byte-strings.ts";
import { lineMutations } from "../engine/mutate-lines.ts";
import { xmlMutations } from "../engine/mutate-xml.ts";
import { fuzzTarget } from "../engine/target.ts";

const linesMax = 60;
const secret = "test";
const plays = domain("plays.shakespeare.example");

export const target = fuzzTarget({
  summary: "whatever a component sends, nobody comes in without the secret, or writes in the name of others",
  bytesMax: 4_096,
  roundExecutions: 150_000,
  words: componentLines,
  seeds: componentScripts,
  mutations: [...lineMutations, ...xmlMutations.slice(0, 6)],
  run: (input) => {
    const [head = "", ...lines] = looseTextOf(input).toWellFormed().split("\n").slice(0, linesMax);
    const isServer = !head.includes("peer");
    const admission: ComponentInput = head.includes("conflict")
      ? { type: "notAdmitted", error: new StreamError("conflict") }
      : { type: "admitted" };
    const wire = isServer ? serveComponent({ admission }) : beComponent();
    const mayWriteAs = (name: DomainJid): boolean =>
      name === plays || (head.includes("subdomains") && name.endsWith(`.${plays}`));
    let said = "";
    let sent = wire.take();
    let seen = 0;
    for (const line of lines) {
      const word = words[line];
      if (word !== undefined) wire.input(word);
      else {
        const text = line === "proof" ? `<handshake>${handshakeOf("id1", secret)}</handshake>` : line;
        said += text;
        wire.write(text);
      }
      sent += wire.take();
      for (const effect of wire.effects.slice(seen)) {
        if (effect.type === "admit" || (effect.type === "componentEstablished" && isServer))
          assert.ok(said.includes(handshakeOf("id1", secret)), "nobody comes in without the proof");
        if (effect.type === "stanza" && isServer) checkStanza(effect, mayWriteAs);
      }
      seen = wire.effects.length;
    }
    checkEnd(wire.effects);
    checkSent(sent);
  },
});

/** What is routed on is from the component's own, and can be written and read again. */
function checkStanza(
  { element }: Extract<ComponentEffect, { type: "stanza" }>,
  owns: (name: DomainJid) => boolean,
): void {
  const admitted = admitFromComponent(element, { parseJid, mayWriteAs: owns, language: "en" });
  if (admitted instanceof StreamError) return;
  const stanza = "refused" in admitted ? admitted.refused : admitted;
  assert.ok(owns(domainOf(stanza.from)), `writes as ${stanza.from}`);
  assert.equal(stanza.element.attr("from"), stanza.from);
  if (stanza.to !== undefined) assert.equal(stanza.element.attr("to"), stanza.to);
  parseElement(serialize(stanza.element));
}

/** It ends once, and nothing happens behind that. */
function checkEnd(effects: readonly ComponentEffect[]): void {
  const ended = effects.findIndex(({ type }) => type === "ended");
  if (ended !== -1)
    for (const { type } of effects.slice(ended + 1)) assert.ok(quietEffects.has(type), `${type} behind the end`);
  const closed = effects.findIndex(({ type }) => type === "sendClose");
  if (closed !== -1)
    for (const { type } of effects.slice(closed + 1))
      assert.ok(!type.startsWith("send"), `${type} behind the closing tag`);
}

const quietEffects: ReadonlySet<ComponentEffect["type"]> = new Set(["disconnect", "stopTimer"]);

/** What was sent is one stream. */
function checkSent(text: string): void {
  const reader = new XmlStreamReader(
    {
      streamOpened: () => undefined,
      elementRead: () => undefined,
      streamClosed: () => undefined,
      failed: (fault) => assert.fail(`sends what is no stream: ${fault.text}`),
    },
    { input: "utf16", decodeUtf8: (bytes) => bytes, contentNamespace: NS_COMPONENT_ACCEPT },
  );
  reader.write(text);
}

const words: Readonly<Record<string, ComponentInput>> = {
  close: { type: "close" },
  shutdown: { type: "close", error: new StreamError("system-shutdown") },
  disconnected: { type: "disconnected" },
  negotiationTimeout: { type: "timeout", timer: "negotiation" },
  closingTimeout: { type: "timeout", timer: "closing" },
};
