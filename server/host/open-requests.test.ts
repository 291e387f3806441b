import assert from "node:assert/strict";
import { test } from "node:test";
import { parseJid } from "#protocol/jid/jid.ts";
import { xml } from "#protocol/xml/element.ts";
import type { Host } from "#kit/host.ts";
import { serverModule } from "#kit/server-module.ts";
import { instantMessaging } from "#testing/scenario/contacts.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";
import { answerMsMax, openRequestsMax } from "./open-requests.ts";

const juliet = "juliet@capulet.example";

interface Asking {
  readonly world: World;
  /** Asks; what was answered is noted as the stanza's type, or "nothing". */
  readonly ask: (to: string) => void;
  readonly answers: readonly string[];
}

async function asking(): Promise<Asking> {
  const hosts: Host[] = [];
  const curious = serverModule({
    name: "curious",
    implements: [],
    start: (host) => {
      hosts.push(host);
      return {};
    },
  });
  const world = await startWorld({
    accounts: [juliet, "romeo@montague.example"],
    modules: [...instantMessaging, curious],
  });
  const answers: string[] = [];
  return {
    world,
    answers,
    ask: (to) =>
      hosts[0]?.ask({ to: parseJid(to) ?? assert.fail(), type: "get", payload: xml("urn:example:q", "q") }, (answer) =>
        answers.push(answer?.type ?? "nothing"),
      ),
  };
}

test("a host asks, and is told the answer once", async () => {
  const { world, ask, answers } = await asking();
  await using _ = world;
  const client = await world.login(`${juliet}/balcony`);
  for (const type of ["result", "error"]) {
    ask(`${juliet}/balcony`);
    await world.settle();
    const asked = client.receives(
      `<iq type='get' id='{any}' from='capulet.example' to='${juliet}/balcony'><q xmlns='urn:example:q'/></iq>`,
    );
    const answer = `<iq type='${type}' id='${asked.attr("id")}' to='capulet.example'/>`;
    await client.sendText(answer + answer);
  }
  assert.deepEqual(answers, ["result", "error"]);
  await world.advance(answerMsMax);
  assert.equal(answers.length, 2);
});

test("nobody but who was asked can answer", async () => {
  const { world, ask, answers } = await asking();
  await using _ = world;
  const client = await world.login(`${juliet}/balcony`);
  const romeo = await world.login("romeo@montague.example/orchard");
  ask(`${juliet}/balcony`);
  await world.settle();
  const id = client.next().attr("id");
  await romeo.sendText(`<iq type='result' id='${id}' to='capulet.example'/>`);
  assert.deepEqual(answers, []);
  romeo.receivesNothing();
});

test("what cannot be reached answers with an error, and who says nothing does not in time", async () => {
  const { world, ask, answers } = await asking();
  await using _ = world;
  await world.login(`${juliet}/balcony`);
  for (const to of [`${juliet}/chamber`, "nobody@capulet.example/x", "elsewhere.example", "capulet.example"]) ask(to);
  await world.settle();
  assert.deepEqual(answers, ["error", "error", "error", "error"]);
  ask(`${juliet}/balcony`);
  await world.advance(answerMsMax - 1);
  assert.equal(answers.length, 4);
  await world.advance(1);
  assert.equal(answers.at(-1), "nothing");
});

test("A12 questions that are open are bounded: one more is not asked", async () => {
  const { world, ask, answers } = await asking();
  await using _ = world;
  const client = await world.login(`${juliet}/balcony`);
  for (let count = 0; count <= openRequestsMax; count += 1) ask(`${juliet}/balcony`);
  await world.settle();
  assert.deepEqual(answers, ["nothing"]);
  assert.equal(client.pending.length, openRequestsMax);
});
