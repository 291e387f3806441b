import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { HttpsError, type HttpsAnswer } from "./https-get.ts";
import { listsCertificate, parsePoshDocument } from "./posh-document.ts";
import { PoshSource } from "./posh.ts";
import { domainJid } from "#testing/addresses.ts";

const start = Date.UTC(2026, 10, 21, 12);
const minuteMs = 60_000;
const certificate = Buffer.from("stands for a certificate");
const sha256 = createHash("sha256").update(certificate).digest("base64");
const sha512 = createHash("sha512").update(certificate).digest("base64");
const home = "https://montague.example/.well-known/posh/xmpp-server.json";

const fingerprints = (seconds: unknown, ...list: readonly unknown[]) =>
  JSON.stringify({ fingerprints: list.length === 0 ? [{ "sha-256": sha256 }] : list, expires: seconds });

for (const { name, text, kind } of [
  { name: "fingerprints", text: fingerprints(60), kind: "fingerprints" },
  {
    name: "fingerprints of hashes that are not known yet",
    text: fingerprints(60, { "sha3-256": "x" }),
    kind: "fingerprints",
  },
  { name: "a reference", text: '{"url":"https://hosting.example/posh.json","expires":60}', kind: "reference" },
  { name: "no fingerprint [rfc7711-3.1-01]", text: '{"fingerprints":[],"expires":60}', kind: undefined },
  {
    name: "both at once [rfc7711-3.1-02]",
    text: `{"fingerprints":[{"sha-256":"x"}],"url":"https://a.example/","expires":60}`,
    kind: undefined,
  },
  { name: "a time that is negative [rfc7711-3.1-03]", text: fingerprints(-1), kind: undefined },
  { name: "a time that is no whole number [rfc7711-3.1-03]", text: fingerprints(1.5), kind: undefined },
  { name: "a time in letters [rfc7711-3.1-03]", text: fingerprints("60"), kind: undefined },
  { name: "no time [rfc7711-3.1-03]", text: fingerprints(undefined), kind: undefined },
  { name: "a time of zero [rfc7711-3.1-04]", text: fingerprints(0), kind: undefined },
  {
    name: "a reference with a time that is negative [rfc7711-3.2-02]",
    text: '{"url":"https://a.example/","expires":-1}',
    kind: undefined,
  },
  {
    name: "a reference with a time of zero [rfc7711-3.2-03]",
    text: '{"url":"https://a.example/","expires":0}',
    kind: undefined,
  },
  {
    name: "a reference to plain HTTP [rfc7711-3-01]",
    text: '{"url":"http://a.example/","expires":60}',
    kind: undefined,
  },
  { name: "a reference to a file", text: '{"url":"file:///etc/passwd","expires":60}', kind: undefined },
  { name: "a list", text: "[]", kind: undefined },
  { name: "no JSON", text: "<html>", kind: undefined },
]) {
  test(`a document with ${name} is ${kind ?? "refused"}`, () => assert.equal(parsePoshDocument(text)?.kind, kind));
}

for (const { name, list, isGood } of [
  { name: "its SHA-256", list: [{ "sha-256": sha256 }], isGood: true },
  { name: "its SHA-512", list: [{ "sha-512": sha512 }], isGood: true },
  { name: "both", list: [{ "sha-256": sha256, "sha-512": sha512 }], isGood: true },
  {
    name: "its SHA-256 without padding, as in the specification's example",
    list: [{ "sha-256": sha256.replace(/=+$/, "") }],
    isGood: true,
  },
  {
    name: "it in the second place [rfc7711-3.1-05]",
    list: [{ "sha-256": "AAAA" }, { "sha-256": sha256 }],
    isGood: true,
  },
  { name: "another's [rfc7711-3.3-01]", list: [{ "sha-256": "AAAA" }], isGood: false },
  { name: "one right and one wrong in one entry", list: [{ "sha-256": sha256, "sha-512": "AAAA" }], isGood: false },
  { name: "hashes that are not known", list: [{ md5: "AAAA", "sha-1": "AAAA" }], isGood: false },
  {
    name: "it in hexadecimal",
    list: [{ "sha-256": createHash("sha256").update(certificate).digest("hex") }],
    isGood: false,
  },
]) {
  test(`fingerprints with ${name} ${isGood ? "speak" : "do not speak"} for the certificate`, () =>
    assert.equal(listsCertificate(list, certificate), isGood));
}

/** A web, a clock, and what was asked for. */
function web(pages: Readonly<Record<string, string | HttpsAnswer>>) {
  const asked: string[] = [];
  let now = start;
  const source = new PoshSource({
    env: { now: () => now, setTimer: () => ({ cancel: () => {} }) },
    get: async (url) => {
      asked.push(url.href);
      const page = pages[url.href];
      if (page === undefined) throw new HttpsError("no such server");
      return typeof page === "string" ? { status: 200, location: undefined, body: page } : page;
    },
  });
  const pass = (ms: number): void => {
    now += ms;
  };
  return { source, asked, pass };
}

const redirect = (location: string, status = 302): HttpsAnswer => ({ status, location, body: "" });
const remote = "https://hosting.example/posh.json";

for (const { name, pages, lifeMs } of [
  { name: "its own document [rfc7711-8-01]", pages: { [home]: fingerprints(60) }, lifeMs: minuteMs },
  {
    name: "a reference: the shorter time counts, here its own [rfc7711-6-02]",
    pages: { [home]: `{"url":"${remote}","expires":60}`, [remote]: fingerprints(600) },
    lifeMs: minuteMs,
  },
  {
    name: "a reference: the shorter time counts, here the other's [rfc7711-6-02]",
    pages: { [home]: `{"url":"${remote}","expires":600}`, [remote]: fingerprints(60) },
    lifeMs: minuteMs,
  },
  {
    name: "a document for ever: a day [rfc7711-6-01] [rfc7711-6-03]",
    pages: { [home]: fingerprints(9_007_199_254_740_991) },
    lifeMs: 24 * 60 * minuteMs,
  },
  {
    name: "a redirect [rfc7711-10-03]",
    pages: { [home]: redirect(remote), [remote]: fingerprints(60) },
    lifeMs: minuteMs,
  },
  {
    name: "a redirect within the server",
    pages: { [home]: redirect("/posh.json", 308), "https://montague.example/posh.json": fingerprints(60) },
    lifeMs: minuteMs,
  },
  {
    name: "a reference to a reference [rfc7711-3.2-01]",
    pages: { [home]: `{"url":"${remote}","expires":60}`, [remote]: `{"url":"${home}","expires":60}` },
    lifeMs: undefined,
  },
  {
    name: "a redirect to plain HTTP [rfc7711-10-01]",
    pages: { [home]: redirect("http://hosting.example/") },
    lifeMs: undefined,
  },
  { name: "a redirect to itself [rfc7711-10-04]", pages: { [home]: redirect(home) }, lifeMs: undefined },
  {
    name: "nothing there",
    pages: { [home]: { status: 404, location: undefined, body: fingerprints(60) } },
    lifeMs: undefined,
  },
  { name: "no web server", pages: {}, lifeMs: undefined },
]) {
  test(`with ${name}, ${lifeMs === undefined ? "there is nothing" : "there is something"}`, async () => {
    const { source, asked } = web(pages);
    const answer = await source.find(domainJid("montague.example"));
    assert.equal(answer.ok ? answer.until - start : undefined, lifeMs, answer.ok ? "" : answer.reason);
    assert(asked.length <= 6, `${asked.length} requests`);
  });
}

test("what was found is used as long as it says, and not asked for twice [rfc7711-6-01] [rfc7711-6-05]", async () => {
  const { source, asked, pass } = web({ [home]: fingerprints(60) });
  const domain = domainJid("montague.example");
  await Promise.all([source.find(domain), source.find(domain)]);
  pass(minuteMs - 1);
  await source.find(domain);
  assert.equal(asked.length, 1);
  pass(1);
  await source.find(domain);
  assert.equal(asked.length, 2);
});

test("who has nothing is not asked at each connection", async () => {
  const { source, asked, pass } = web({});
  for (let i = 0; i < 5; i += 1) await source.find(domainJid("montague.example"));
  assert.equal(asked.length, 1);
  pass(10 * minuteMs);
  await source.find(domainJid("montague.example"));
  assert.equal(asked.length, 2);
});

test("A36 A47 whoever names many domains makes us ask a few web servers at once", async () => {
  const asked: string[] = [];
  const { promise, resolve } = Promise.withResolvers<HttpsAnswer>();
  const source = new PoshSource({
    env: { now: () => start, setTimer: () => ({ cancel: () => {} }) },
    get: (url) => {
      asked.push(url.href);
      return promise;
    },
  });
  const answers = Array.from({ length: 100 }, (_, index) => source.find(domainJid(`victim-${index}.example`)));
  assert.equal(asked.length, 16);
  resolve({ status: 404, location: undefined, body: "" });
  assert.equal((await Promise.all(answers)).filter(({ ok }) => ok).length, 0);
});

test("an internationalized domain is asked for by its A-labels [rfc7712-5.2-03]", async () => {
  const { source, asked } = web({});
  await source.find(domainJid("bücher.example"));
  assert.deepEqual(asked, ["https://xn--bcher-kva.example/.well-known/posh/xmpp-server.json"]);
});

test("a web server that hangs is not waited for", async () => {
  let timeOut: (() => void) | undefined;
  const source = new PoshSource({
    env: {
      now: () => start,
      setTimer: (_, run) => {
        timeOut = run;
        return { cancel: () => {} };
      },
    },
    get: (_, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(new Error("took too long")));
      }),
  });
  const answer = source.find(domainJid("montague.example"));
  timeOut?.();
  assert.deepEqual(await answer, { ok: false, reason: "took too long" });
});

test("A12 what strangers' domains say is remembered only up to a bound: the oldest is asked for anew", async () => {
  const { source, asked } = web({});
  const names = Array.from({ length: 1_001 }, (_, number) => domainJid(`d${number}.example`));
  for (const name of names) await source.find(name);
  const [first, second] = names;
  assert(first !== undefined && second !== undefined);
  for (const name of [names.at(-1) ?? first, second, first]) await source.find(name);
  assert.deepEqual(asked.slice(names.length), ["https://d0.example/.well-known/posh/xmpp-server.json"]);
});
