import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ConfigError } from "./config-error.ts";
import { parseConfig } from "./load-config.ts";
import { planReload } from "./reload.ts";
import { showConfig } from "./show-config.ts";
import { componentSettings } from "../components/component-config.ts";
import { coreSettings } from "../settings-of-config.ts";

const hosts = '[[hosts]]\ndomain = "montague.example"\n';
const secret = "nobody guesses this";
const irc = `[[components]]\ndomain = "irc.montague.example"\nsecret = "${secret}"\n`;
const listener = '[[listeners]]\nkind = "component"\n';

const untold = { readOrMake: async (domain: string) => `kept elsewhere: ${domain}` };
const config = (text: string) => parseConfig({ file: "/etc/balcony.toml", text: hosts + text }, []);

describe("a balcony.toml with components", () => {
  test("gives the core their settings and bounds", async () => {
    const read = config(
      `${irc}[limits.component]\naway_seconds_max = 0\nstanzas_per_second = 100\nstanzas_burst = 200\n`,
    );
    const { componentLimits } = coreSettings(read);
    assert.deepEqual(await componentSettings(read, untold), [
      {
        domain: "irc.montague.example",
        secret,
        name: undefined,
        host: undefined,
        subdomains: false,
        conflict: "refuse-new",
      },
    ]);
    assert.equal(componentLimits.awayMsMax, 0);
    assert.deepEqual(componentLimits.link.stanzasRate, { perSecond: 100, burst: 200 });
    assert.deepEqual(componentLimits.link.bytesRate, { perSecond: 16 * 1024 ** 2, burst: 16 * 1024 ** 2 });
  });

  test("needs none of it, not even their secrets", async () => {
    assert.deepEqual(await componentSettings(config(""), untold), []);
    const [one] = await componentSettings(config('[[components]]\ndomain = "irc.montague.example"\n'), untold);
    assert.equal(one?.secret, "kept elsewhere: irc.montague.example");
  });

  const wrong: readonly (readonly [name: string, text: string, said: RegExp])[] = [
    ["a host's domain", irc.replace("irc.", ""), /montague\.example is a host already/],
    ["one domain twice", irc + irc, /irc\.montague\.example is there twice/],
    ["a host that is none", `${irc}host = "capulet.example"\n`, /capulet\.example is none of the \[\[hosts\]\]/],
    ["a secret that is too short", irc.replace(secret, "short"), /secret of the 1st \[\[components\]\] is .*8 to 256/],
    ["a secret over two lines", irc.replace(`"${secret}"`, '"12345678\\n90"'), /secret of the 1st/],
    ["no domain", '[[components]]\nsecret = "nobody guesses"\n', /domain of the 1st \[\[components\]\] is missing/],
    ["an address for a domain", irc.replace("irc.", "me@"), /domain of the 1st/],
    ["a listener on the clients' port", `${listener}addresses = ["127.0.0.1"]\n`, /a port of its own/],
    ["a listener where others are", `${listener}port = 5347\n`, /components speak in the clear/],
    ["a rate whose burst is less", `${irc}[limits.component]\nstanzas_per_second = 9\nstanzas_burst = 8\n`, /at least/],
  ];
  for (const [name, text, said] of wrong)
    test(`does not start with ${name}`, () => {
      assert.throws(
        () => config(text),
        (error) => error instanceof ConfigError && said.test(error.message) && !error.message.includes(secret),
      );
    });

  for (const [name, text] of [
    ["on loopback", `${listener}port = 5347\naddresses = ["127.0.0.1", "::1"]\n`],
    ["where the administrator says so", `${listener}port = 5347\ninsecure_beyond_loopback = true\n`],
  ])
    test(`listens for them ${name}`, () => {
      assert.equal(config(text ?? "").listeners[0]?.port, 5347);
    });

  test("shows everything but their secrets", () => {
    const shown = JSON.stringify(showConfig(config(irc), []));
    assert.match(shown, /irc\.montague\.example/);
    assert.ok(!shown.includes(secret));
  });

  test("has them come, change and go by a reload, and never tells a secret", () => {
    const sms = irc.replace("irc.", "sms.");
    const before = config(irc);
    const after = config(`${irc.replace(secret, "another secret")}name = "IRC"\n${sms}`);
    const plan = planReload(before, after, []);
    assert.deepEqual(plan.changed, [
      "components sms.montague.example (new)",
      "components irc.montague.example.secret",
      "components irc.montague.example.name",
    ]);
    assert.deepEqual(plan.restartNeeded, []);
    assert.deepEqual(plan.config.components, after.components);
    const gone = planReload(after, config(""), []);
    assert.deepEqual(gone.config.components, []);
    assert.deepEqual(gone.changed, [
      "components irc.montague.example (gone)",
      "components sms.montague.example (gone)",
    ]);
  });
});
