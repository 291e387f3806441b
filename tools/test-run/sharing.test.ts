import assert from "node:assert/strict";
import { test } from "node:test";
import { arrangeTests } from "./sharing.ts";

const texts: Readonly<Record<string, string>> = {
  "kit/events.test.ts": `import { test } from "node:test";`,
  "protocol/jid/jid.test.ts": `import { readFileSync } from "node:fs";`,
  "protocol/xml/copy-out.test.ts": "process.memoryUsage()",
  "server/tcp/limits.test.ts": "",
  "server/session/admit.test.ts": "",
  "server/s2s/dial.test.ts": `import { createServer } from "node:net";`,
  "im/sockets.test.ts": `import { createServer } from "node:net";`,
  "cli/start.test.ts": "process.env",
  "testing/crash/crash.test.ts": "",
  "testing/sim/seeds-1.test.ts": "",
  "im/lone.test.ts": "test.only(",
};

test("files share a process with others of their kind, unless they measure it or change it", () => {
  assert.deepEqual(
    arrangeTests(Object.keys(texts), (path) => texts[path] ?? ""),
    {
      groups: [
        ["testing/sim/seeds-1.test.ts"],
        ["protocol/xml/copy-out.test.ts"],
        ["im/sockets.test.ts"],
        ["cli/start.test.ts"],
        ["testing/crash/crash.test.ts"],
        ["server/tcp/limits.test.ts", "server/s2s/dial.test.ts"],
        ["kit/events.test.ts", "protocol/jid/jid.test.ts", "server/session/admit.test.ts"],
      ],
      singling: ["im/lone.test.ts"],
    },
  );
});

test("not too many share one process", () => {
  const paths = Array.from({ length: 90 }, (_, number) => `im/${number}.test.ts`);
  const { groups } = arrangeTests(paths, () => "");
  assert.deepEqual(
    groups.map((group) => group.length),
    [40, 40, 10],
  );
  assert.deepEqual(groups.flat(), paths);
});
