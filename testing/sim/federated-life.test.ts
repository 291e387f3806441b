import assert from "node:assert/strict";
import { test } from "node:test";
import { liveFederated } from "./federated-life.ts";

for (const servers of [2, 3] as const)
  for (const kills of [false, true])
    for (let seed = 1; seed <= 5; seed += 1)
      test(`${servers} servers${kills ? " that are killed" : ""}, seed ${seed}: nothing is lost, and nothing comes twice without a reason`, async () => {
        const { violations, messages, faults } = await liveFederated({ seed, servers, kills });
        assert.deepEqual(violations, []);
        assert.ok(messages > 300 && faults > 10, `${messages} messages, ${faults} faults`);
      });
