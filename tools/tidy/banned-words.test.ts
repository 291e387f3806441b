import assert from "node:assert/strict";
import { test } from "node:test";
import { bannedWords } from "./banned-words.ts";

const planted = [
  { path: "kit/a.ts", text: "export enum Kind { A }" },
  { path: "kit/a.ts", text: "function f(x: any) {}" },
  { path: "kit/a.ts", text: "const x = y as any;" },
  { path: "kit/a.ts", text: "const x: Map<any, string> = y;" },
  { path: "kit/a.ts", text: "export default function f() {}" },
  { path: "kit/a.ts", text: 'export * from "./b.ts";' },
  { path: "kit/a.ts", text: "namespace A {}" },
  { path: "kit/a.ts", text: "const now = Date.now();" },
  { path: "im/roster/a.ts", text: "const now = new Date();" },
  { path: "server/session/a.ts", text: "setTimeout(f, 10);" },
  { path: "server/tcp/a.ts", text: "const x = Math.random();" },
  { path: "server/tcp/a.ts", text: "console.log(1);" },
  { path: "cli/a.ts", text: "process.exit(1);" },
  { path: "server/tcp/a.ts", text: "class A extends EventEmitter {}" },
  { path: "kit/a.test.ts", text: 'test.only("x", f);' },
  { path: "kit/a.test.ts", text: 'it.skip("x", f);' },
  { path: "kit/a.test.ts", text: 'test("x", { skip: true }, f);' },
  { path: "kit/a.test.ts", text: "t.todo();" },
  { path: "kit/a.test.ts", text: "mock.method(a, 'b');" },
  { path: "kit/a.ts", text: "eval(x);" },
  { path: "kit/a.ts", text: "// TODO later" },
  { path: "kit/a.ts", text: "/* FIXME */" },
  { path: "kit/a.ts", text: "// @ts-ignore" },
  { path: "kit/a.ts", text: "// oxlint-disable-next-line no-console" },
  { path: "README.md", text: "See /home/me/notes." },
  { path: "kit/a.ts", text: 'const x = "/work/x";' },
  { path: "docs/a.md", text: "from https://registry.example.org/x" },
  { path: "kit/a.ts", text: 'const x = "../../other/x.json";' },
  { path: "README.md", text: "See [x](../other/README.md)." },
  { path: "kit/utils.ts", text: "" },
  { path: "kit/index.ts", text: "" },
  { path: "kit/SomeThing.ts", text: "" },
];
const fine = [
  { path: "server/tcp/a.ts", text: "const now = Date.now(); setTimeout(f, 10);" },
  { path: "bench/a.ts", text: "console.log(Math.random());" },
  { path: "kit/a.ts", text: "// any number of them; an enum of sorts" },
  { path: "kit/a.ts", text: 'const x = "Date.now() in a string";' },
  { path: "kit/a.ts", text: "// oxlint-disable-next-line no-console -- the only way out" },
  { path: "kit/a.ts", text: 'const x = "../b.json";' },
  { path: "docs/adr/a.md", text: "See [x](../../README.md) and https://example.org/home/x." },
  { path: "kit/server-module.test.ts", text: "" },
  { path: "protocol/jid/jid.generated.ts", text: "" },
];

for (const file of planted) {
  test(`${file.path} may not say ${JSON.stringify(file.text)}`, () => {
    const found = bannedWords([{ ...file, text: `\n${file.text}` }]);
    assert.equal(found.length, 1, JSON.stringify(found));
    assert.equal(found[0]?.path, file.path);
  });
}
for (const file of fine) {
  test(`${file.path} may say ${JSON.stringify(file.text)}`, () => {
    assert.deepEqual(bannedWords([file]), []);
  });
}
