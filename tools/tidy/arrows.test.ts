import assert from "node:assert/strict";
import { test } from "node:test";
import { arrows } from "./arrows.ts";

const served = [
  { path: "xep/0191-blocking/server.ts", text: "" },
  { path: "im/roster/server.ts", text: "" },
];
const forbidden = [
  { from: "protocol/xml/read.ts", specifier: "node:buffer" },
  { from: "kit/env.ts", specifier: "node:timers" },
  { from: "xep/0191-blocking/lists.ts", specifier: "node:fs" },
  { from: "protocol/xml/read.ts", specifier: "#kit/env.ts" },
  { from: "kit/host.ts", specifier: "#server/core.ts" },
  { from: "kit/host.ts", specifier: "#xep/0191-blocking/elements.ts" },
  { from: "xep/0191-blocking/lists.ts", specifier: "#server/core.ts" },
  { from: "xep/0191-blocking/lists.ts", specifier: "#im/roster/server.ts" },
  { from: "im/messages/offline.ts", specifier: "../roster/server.ts" },
  { from: "xep/0191-blocking/elements.ts", specifier: "#im/roster/items.ts" },
  { from: "server/core.ts", specifier: "#xep/0191-blocking/server.ts" },
  { from: "xep/0191-blocking/lists.ts", specifier: "#server/modules.generated.ts" },
  { from: "server/core.ts", specifier: "#cli/main.ts" },
  { from: "server/core.ts", specifier: "#testing/fake.ts" },
  { from: "web/app.ts", specifier: "#server/core.ts" },
  { from: "client/session.ts", specifier: "#server/core.ts" },
  { from: "bench/run.ts", specifier: "#tools/generate.ts" },
  { from: "protocol/stream/machine.ts", specifier: "./testing/server.ts" },
  { from: "protocol/stream/machine.ts", specifier: "./machine.test.ts" },
  { from: "server/core.ts", specifier: "../kit/env.ts" },
  { from: "misc/thing.ts", specifier: "#kit/env.ts" },
];
const allowed = [
  { from: "protocol/stanza/iq.ts", specifier: "#protocol/xml/element.ts" },
  { from: "protocol/jid/jid-codec.ts", specifier: "../xml/codec.ts" },
  { from: "protocol/jid/jid.test.ts", specifier: "node:fs" },
  { from: "protocol/stream/testing/server.ts", specifier: "node:crypto" },
  { from: "protocol/stream/machine.test.ts", specifier: "./testing/server.ts" },
  { from: "xep/0191-blocking/elements.ts", specifier: "#protocol/jid/jid-codec.ts" },
  { from: "xep/0191-blocking/server.ts", specifier: "./lists.ts" },
  { from: "xep/0191-blocking/server.ts", specifier: "#im/roster/slots.ts" },
  { from: "xep/0191-blocking/server.ts", specifier: "../0082-date-time/date-time.ts" },
  { from: "xep/0203-delayed-delivery/elements.ts", specifier: "../0082-date-time/date-time.ts" },
  { from: "xep/0191-blocking/server.test.ts", specifier: "#testing/scenario/stage.ts" },
  { from: "xep/0191-blocking/server.test.ts", specifier: "#im/roster/server.ts" },
  { from: "xep/0191-blocking/server.test.ts", specifier: "#server/modules.generated.ts" },
  { from: "server/modules.generated.ts", specifier: "#xep/0191-blocking/server.ts" },
  { from: "server/core.ts", specifier: "./modules.generated.ts" },
  { from: "server/core.ts", specifier: "node:net" },
  { from: "server/core.ts", specifier: "pino" },
  { from: "cli/main.ts", specifier: "#server/core.ts" },
  { from: "bench/run.ts", specifier: "#testing/lab/process.ts" },
];

for (const { from, specifier } of forbidden) {
  test(`${from} may not import ${specifier}`, () => {
    const found = arrows([...served, { path: from, text: `\nimport { x } from "${specifier}";` }]);
    assert.equal(found.length, 1);
    assert.equal(found[0]?.path, from);
  });
}
for (const { from, specifier } of allowed) {
  test(`${from} may import ${specifier}`, () => {
    assert.deepEqual(arrows([...served, { path: from, text: `import { x } from "${specifier}";` }]), []);
  });
}

test("every way of importing counts, what a string or a comment says does not", () => {
  const text = (line: string) => [{ path: "kit/env.ts", text: line }];
  assert.equal(arrows(text(`import type { X } from "#server/x.ts";`)).length, 1);
  assert.equal(arrows(text(`export { x } from "#server/x.ts";`)).length, 1);
  assert.equal(arrows(text(`import "#server/x.ts";`)).length, 1);
  assert.equal(arrows(text(`const x = await import("#server/x.ts");`)).length, 1);
  assert.equal(arrows(text(`type X = import("#server/x.ts").X;`)).length, 1);
  assert.equal(arrows(text(`import {\n  a,\n  b,\n} from "#server/x.ts";`)).length, 1);
  assert.deepEqual(arrows(text('const x = `import { x } from "#server/x.ts";`; // from "#server/x.ts"')), []);
});
