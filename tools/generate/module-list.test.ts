import assert from "node:assert/strict";
import { test } from "node:test";
import { findFeatures, moduleList } from "./module-list.ts";

test("every feature's module is listed, in the order of the folders", () => {
  const features = findFeatures([
    { path: "xep/0191-blocking/server.ts", text: "export const blocking = serverModule({" },
    { path: "im/roster/server.ts", text: "export const roster: ServerModule = serverModule({" },
    { path: "xep/0082-date-time/date-time.ts", text: "" },
    { path: "server/server.ts", text: "" },
  ]);
  assert.deepEqual(features, [
    { path: "im/roster/server.ts", exported: "roster" },
    { path: "xep/0191-blocking/server.ts", exported: "blocking" },
  ]);
  assert.match(
    moduleList(features),
    /import \{ blocking \} from "#xep\/0191-blocking\/server\.ts";[^]*\[\n {2}roster,\n {2}blocking,\n\];/u,
  );
});

test("a server.ts that exports no module, or two, stops the generator", () => {
  assert.throws(() => findFeatures([{ path: "im/a/server.ts", text: "" }]), /exactly one/u);
  const two = "export const a = serverModule({});\nexport const b = serverModule({});";
  assert.throws(() => findFeatures([{ path: "im/a/server.ts", text: two }]), /exactly one/u);
});
