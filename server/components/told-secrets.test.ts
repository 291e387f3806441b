import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parseConfig } from "../config/load-config.ts";
import { toldSecrets } from "./told-secrets.ts";

const component = '[[components]]\ndomain = "irc.example.org"\n';
const secret = 'secret = "nobody guesses this"\n';

for (const { name, text, mode, told } of [
  { name: "that others can read tells its secrets", text: component + secret, mode: 0o644, told: true },
  { name: "that its group can read does not", text: component + secret, mode: 0o640, told: false },
  { name: "without secrets has none to tell", text: component, mode: 0o644, told: false },
  { name: "without components has none to tell", text: "", mode: 0o644, told: false },
])
  test(`a balcony.toml ${name}`, async () => {
    const dir = await mkdtemp(join(tmpdir(), "balcony-secrets-"));
    const file = join(dir, "balcony.toml");
    await writeFile(file, text);
    await chmod(file, mode);
    const said = await toldSecrets(file, parseConfig({ file, text }, []));
    assert.equal(said?.includes("chmod o-r") ?? false, told);
    await rm(dir, { recursive: true });
  });

test("a file that is gone, and none at all, tell nothing", async () => {
  const config = parseConfig({ file: undefined, text: component + secret }, []);
  assert.equal(await toldSecrets("/nowhere/balcony.toml", config), undefined);
  assert.equal(await toldSecrets(undefined, config), undefined);
});
