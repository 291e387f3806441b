import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamError } from "#protocol/stream/stream-error.ts";
import { connectionServices } from "#testing/scenario/connection-services.ts";
import { MemoryTransport } from "#testing/scenario/memory-transport.ts";
import { VirtualEnv } from "#testing/scenario/virtual-env.ts";
import type { LimitName } from "./link-limits.ts";
import { StreamDriver, type ConnectionEffect, type StreamMachine, type StreamOwner } from "./stream-driver.ts";

type Input = Parameters<StreamDriver<State, never, Effect>["feed"]>[0];
type Effect = ConnectionEffect | { readonly type: "told" } | { readonly type: "broken" };
interface State {
  readonly inputs: readonly string[];
  readonly isEstablished: boolean;
}

/** Is established by `<go/>` and ends by `<stop/>`; writes its inputs down. */
const machine: StreamMachine<State, Input, Effect> = {
  receive: (state, input) => {
    const said = input.type === "element" ? input.element.name : input.type;
    const isEstablished = said === "go" || (state.isEstablished && said !== "stop");
    return { state: { inputs: [...state.inputs, said], isEstablished }, effects: effectsOf[said] ?? [] };
  },
  isEstablished: (state) => state.isEstablished,
};

const effectsOf: Readonly<Record<string, readonly Effect[]>> = {
  go: [{ type: "told" }],
  timer: [{ type: "startTimer", timer: "negotiation" }],
  bug: [{ type: "broken" }, { type: "told" }],
};

/** A stream whose peer has sent its header, and says more; `events` is what the stream's owner hears. */
async function start() {
  const env = new VirtualEnv("driver");
  const events: string[] = [];
  const limits: LimitName[] = [];
  const transport = new MemoryTransport({ env, received: () => undefined });
  const owner: StreamOwner<State, Effect> = {
    secured: () => undefined,
    peerTooSlow: () => undefined,
    connectionLost: () => void events.push("lost"),
    stanzaRead: (stanza) => void events.push(`stanza ${stanza.name}`),
    moved: ({ inputs }) => void events.push(`moved by ${inputs.at(-1)}`),
    carryOut: (effect) => {
      if (effect.type === "broken") throw new Error("planted");
      if (effect.type === "told") events.push("told");
      else driver.perform(effect);
    },
  };
  const services = { ...connectionServices(env), limitHit: (limit: LimitName) => void limits.push(limit) };
  const state: State = { inputs: [], isEstablished: false };
  const driver: StreamDriver<State, Input, Effect> = new StreamDriver("one", transport, {
    machine,
    state,
    owner,
    services,
  });
  driver.connection.open();
  const say = async (said: string): Promise<void> => {
    transport.send(said);
    await env.settle();
  };
  await say("<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>");
  assert.deepEqual(events.splice(0), ["moved by opened"]);
  return { env, events, limits, say, driver };
}

for (const { name, said, heard } of [
  {
    name: "until a stream is established all that is read goes into its machine",
    said: "<message/><iq/>",
    heard: ["moved by message", "moved by iq"],
  },
  {
    name: "stanzas of an established stream go past its machine, and nothing else does",
    said: "<go/><message/><r xmlns='urn:xmpp:sm:3'/><iq/>",
    heard: ["moved by go", "told", "stanza message", "moved by r", "stanza iq"],
  },
  {
    name: "stanzas go into the machine again when the stream is established no more",
    said: "<go/><stop/><message/>",
    heard: ["moved by go", "told", "moved by stop", "moved by message"],
  },
  {
    name: "an effect that breaks down ends the stream, and what was to follow is left",
    said: "<bug/><message/>",
    heard: ["moved by bug", "moved by disconnected", "lost"],
  },
  {
    name: "the end of the peer's stream goes into the machine",
    said: "</stream:stream>",
    heard: ["moved by closed"],
  },
])
  test(name, async () => {
    const { say, events } = await start();
    await say(said);
    assert.deepEqual(events, heard);
  });

test("what the reader refuses goes into the machine, and what broke a bound is counted", async () => {
  for (const { said, counted } of [
    { said: "<a></b>", counted: [] },
    { said: `<a b='${"x".repeat(1_000_000)}'/>`, counted: ["stanza-size"] },
  ]) {
    const { say, events, limits } = await start();
    await say(said);
    assert.deepEqual(events, ["moved by fault"]);
    assert.deepEqual(limits, counted);
  }
});

test("the time that a machine asks for comes back to it", async () => {
  const { env, say, events, limits } = await start();
  await say("<timer/>");
  await env.advance(1_000);
  assert.deepEqual(events, ["moved by timer", "moved by timeout"]);
  assert.deepEqual(limits, ["negotiation-time"]);
});

test("nothing goes into the machine of a connection that is over", async () => {
  const { driver, events } = await start();
  driver.connection.cut();
  assert.deepEqual(events.splice(0), ["moved by disconnected", "lost"]);
  driver.close(new StreamError("reset"));
  driver.feed({ type: "closed" });
  assert.deepEqual(events, []);
});
