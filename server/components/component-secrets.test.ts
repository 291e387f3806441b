import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { parseConfig } from "../config/load-config.ts";
import { nodeEnv } from "../node-env.ts";
import { componentSettings } from "./component-config.ts";
import { ComponentSecrets } from "./component-secrets.ts";

const irc = "irc.montague.example";
let directory: string;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "balcony-secrets-"));
});

after(() => rm(directory, { recursive: true }));

const secretsIn = (name: string) => new ComponentSecrets(join(directory, name), nodeEnv());

test("a secret that balcony.toml does not tell is made up once, for the eyes of the server's user", async () => {
  const secrets = secretsIn("made");
  const toml = `[[components]]\ndomain = "${irc}"\n[[components]]\ndomain = "sms.example"\nsecret = "in the file"\n`;
  const config = parseConfig({ file: undefined, text: toml }, []);
  const [first, second] = await componentSettings(config, secrets);
  assert.match(first?.secret ?? "", /^[0-9a-z]{32}$/);
  assert.equal(second?.secret, "in the file");
  assert.deepEqual(await componentSettings(config, secrets), [first, second]);
  const file = secrets.fileOf(irc);
  assert.equal(await readFile(file, "utf8"), `${first?.secret}\n`);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  assert.equal((await stat(dirname(file))).mode & 0o777, 0o700);
  assert.equal(await secrets.read("sms.example"), undefined, "what the file tells is kept nowhere else");
});

test("a secret is made up anew, kept and forgotten", async () => {
  const secrets = secretsIn("changed");
  const first = await secrets.make(irc);
  assert.notEqual(await secrets.make(irc), first);
  await secrets.keep(irc, "chosen by somebody");
  assert.equal(await secrets.read(irc), "chosen by somebody");
  await secrets.forget(irc);
  await secrets.forget(irc);
  assert.equal(await secrets.read(irc), undefined);
});

test("domains of any script, and addresses, have files of their own within the directory", () => {
  const secrets = secretsIn("names");
  const files = ["irc.montague.example", "[2001:db8::1]", "iṛc.example", ".."].map((name) => secrets.fileOf(name));
  assert.equal(new Set(files).size, files.length);
  for (const file of files) assert.equal(dirname(file), join(directory, "names", "components"));
});

for (const [name, text] of [
  ["too short", "short\n"],
  ["on two lines", "nobody guesses\nthis at all\n"],
  ["empty", ""],
])
  test(`a secret that is ${name} is refused with the file's name and what to do, and is not told`, async () => {
    const secrets = secretsIn("wrong");
    await secrets.make(irc);
    await writeFile(secrets.fileOf(irc), text ?? "");
    await assert.rejects(secrets.readOrMake(irc), (error: Error) => {
      assert.ok(error.message.startsWith(`${secrets.fileOf(irc)}: `));
      assert.match(error.message, /8 to 256 characters; or: balcony component secret irc\.montague\.example --renew$/);
      assert.ok(!error.message.includes("guesses"));
      return error.name === "ConfigError";
    });
  });
