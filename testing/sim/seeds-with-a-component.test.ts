import assert from "node:assert/strict";
import { test } from "node:test";
import { checkComponent } from "./check-component.ts";
import { generateScenario } from "./generate-scenario.ts";
import { playSeed } from "./play-seeds.ts";
import type { SimComponent } from "./sim-component.ts";
import { Ledger } from "./ledger.ts";
import { ClientSession } from "./client-session.ts";
import { WorldModel } from "./world-model.ts";

test("seed 9 with a component: what a connection that was given up had not taken goes over the next one", async () => {
  await playSeed(9, 1, { component: true, edition: 1 });
});

test("seed 1 of 2 servers with a component: so does what comes from the other server", async () => {
  await playSeed(1, 2, { component: true });
});

test("a world without a component is the same as ever", async () => {
  const { steps } = generateScenario(1, 1, { component: true });
  const others = steps.filter((step) => !("does" in step && step.does === "write-to-component"));
  const without = others.filter((step) => !("fault" in step && step.fault.startsWith("component-")));
  assert.deepEqual(without, generateScenario(1).steps);
});

test("what the model of a component says is lost, twice, or out of order", () => {
  const model = new WorldModel([["capulet.example"]], "gateway.capulet.example");
  const ledger = new Ledger();
  const account = "somebody@gateway.capulet.example";
  const from = new ClientSession({ name: "u1", account: "u1@capulet.example", jid: "u1@capulet.example/a", now: 0 });
  const [m1, m2, m3, m4] = [1, 2, 3, 4].map(() => ledger.send({ from, to: account, account, kind: "chat", now: 0 }));
  for (const entry of [m1, m2, m3, m4]) if (entry !== undefined) entry.acknowledgedAt = 1;
  if (m4 !== undefined) m4.bouncedAt = 2;
  const component = (
    had: readonly string[],
    taken = "",
  ): Pick<SimComponent, "domain" | "stays" | "violations" | "wasAway"> => ({
    domain: "gateway.capulet.example",
    stays: [{ from: 0, until: Infinity, had: had.map((id) => ({ id, at: 5 })), taken }],
    violations: [],
    wasAway: () => false,
  });
  const check = (...parts: Parameters<typeof component>): readonly string[] =>
    checkComponent(component(...parts), ledger, model);
  assert.deepEqual(check(["m1", "m2", "m3"]), []);
  assert.deepEqual(check(["m1", "m3"]), ["m2 of u1 for somebody@gateway.capulet.example was acknowledged and is lost"]);
  assert.deepEqual(check(["m1", "m3"], "<message id='m2' to='x'></message>"), []);
  assert.equal(check(["m1", "m3"], "<message id='m2' to='x'></mess").length, 1);
  assert.deepEqual(check(["m1", "m3", "m2"]), ["the component got m2 of u1 after m3"]);
  assert.deepEqual(check(["m1", "m2", "m3", "m3"]), ["the component got m3 of u1 twice on one connection"]);
  assert.deepEqual(check(["m1", "m2", "m3", "m9"]), ["the component got m9, which was not sent to it"]);
});
