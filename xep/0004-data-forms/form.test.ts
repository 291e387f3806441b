import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { integer } from "#protocol/xml/codec.ts";
import { ShapeError } from "#protocol/xml/element-schema.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import { parseElement } from "#protocol/xml/read.ts";
import { anyJid } from "#testing/addresses.ts";
import { matches } from "#testing/scenario/match.ts";
import { form } from "./form.ts";
import {
  fixed,
  hidden,
  jidMulti,
  jidSingle,
  listMulti,
  listSingle,
  textMulti,
  textPrivate,
  textSingle,
  typedText,
  yesNo,
} from "./form-fields.ts";

/** The bot of XEP-0004 §5.1. */
const bot = form("jabber:bot", {
  aboutInfo: fixed("Section 1: Bot Info"),
  name: textSingle("botname", { label: "The name of your bot" }),
  description: textMulti("description", { label: "Helpful description of your bot" }),
  isPublic: yesNo("public", { label: "Public bot?", required: true }),
  password: textPrivate("password", { label: "Password for special access" }),
  features: listMulti(
    "features",
    { contests: "Contests", news: "News", polls: "Polls", reminders: "Reminders", search: "Search" },
    { label: "What features will the bot support?" },
  ),
  subscribersMax: listSingle("maxsubs", { "10": "10", "20": "20", "50": "50", none: "None" }),
  invited: jidMulti("invitelist", { desc: "Tell all your friends about your new bot!", valuesMax: 3 }),
});

const x = (type: string, ...fields: readonly string[]): string =>
  `<x xmlns='jabber:x:data' type='${type}'>${fields.join("")}</x>`;
const field = (name: string, ...values: readonly string[]): string =>
  `<field var='${name}'>${values.map((value) => `<value>${value}</value>`).join("")}</field>`;
const read = (...fields: readonly string[]): ReturnType<typeof bot.read> =>
  bot.read(parseElement(x("submit", ...fields)));
const isPublic = field("public", "1");

function alike(actual: XmlElement, expected: string): void {
  assert.equal(matches(parseElement(expected), actual), undefined);
}

test("a form asks its questions in order, with what holds now", () => {
  alike(
    bot.ask(
      { features: ["news", "search"], subscribersMax: "20" },
      { title: "Bot Configuration", instructions: ["Go!"] },
    ),
    "<x xmlns='jabber:x:data' type='form'><title>Bot Configuration</title><instructions>Go!</instructions>" +
      "<field var='FORM_TYPE' type='hidden'><value>jabber:bot</value></field>" +
      "<field type='fixed'><value>Section 1: Bot Info</value></field>" +
      "<field type='text-single' label='The name of your bot' var='botname'/>" +
      "<field type='text-multi' label='Helpful description of your bot' var='description'/>" +
      "<field type='boolean' label='Public bot?' var='public'><required/></field>" +
      "<field type='text-private' label='Password for special access' var='password'/>" +
      "<field type='list-multi' label='What features will the bot support?' var='features'>" +
      "<value>news</value><value>search</value>" +
      "<option label='Contests'><value>contests</value></option><option label='News'><value>news</value></option>" +
      "<option label='Polls'><value>polls</value></option><option label='Reminders'><value>reminders</value></option>" +
      "<option label='Search'><value>search</value></option></field>" +
      "<field type='list-single' var='maxsubs'><value>20</value>" +
      "<option label='10'><value>10</value></option><option label='20'><value>20</value></option>" +
      "<option label='50'><value>50</value></option><option label='None'><value>none</value></option></field>" +
      "<field type='jid-multi' var='invitelist'><desc>Tell all your friends about your new bot!</desc></field></x>",
  );
});

test("Romeo's submission is read into values", () => {
  assert.deepEqual(
    read(
      field("FORM_TYPE", "jabber:bot"),
      field("botname", "The Jabber Google Bot"),
      field("description", "This bot enables you to send requests to", "Google"),
      field("public", "0"),
      field("password", "v3r0na"),
      field("features", "news", "search"),
      field("maxsubs", "50"),
      field("invitelist", "juliet@capulet.com", "Benvolio@montague.net"),
    ),
    {
      name: "The Jabber Google Bot",
      description: "This bot enables you to send requests to\nGoogle",
      isPublic: false,
      password: "v3r0na",
      features: ["news", "search"],
      subscribersMax: "50",
      invited: ["juliet@capulet.com", "benvolio@montague.net"],
    },
  );
});

test("what a client fills in is what the server reads", () => {
  const values = {
    name: "Bot",
    description: "one\ntwo",
    isPublic: true,
    features: ["polls"],
    invited: [anyJid("a@b")],
  } as const;
  assert.deepEqual(bot.read(bot.submit(values)), values);
});

test("what is left out keeps its value", () => {
  assert.deepEqual(read(isPublic), { isPublic: true });
});

test("fields that the form does not have are passed over", () => {
  assert.deepEqual(read(isPublic, field("hat", "cocked"), "<field type='fixed'><value>Hello</value></field>"), {
    isPublic: true,
  });
});

test("a field with nothing in it takes a text or a list away, and says nothing of a choice", () => {
  assert.deepEqual(read(isPublic, "<field var='botname'/>", field("features", ""), field("maxsubs", "")), {
    isPublic: true,
    name: "",
    features: [],
  });
});

test("a question of yes or no with nothing in it is answered no", () => {
  assert.deepEqual(read("<field var='public'/>"), { isPublic: false });
});

test("an address that is given twice counts once", () => {
  assert.deepEqual(read(isPublic, field("invitelist", "juliet@capulet.com", "JULIET@capulet.com"))?.invited, [
    "juliet@capulet.com",
  ]);
});

test("a form that was cancelled has no values", () => {
  assert.equal(bot.read(parseElement(x("cancel"))), undefined);
});

test("a submission may leave its FORM_TYPE to the element around it", () => {
  assert.deepEqual(read(isPublic), read(field("FORM_TYPE", "jabber:bot"), isPublic));
});

test("data are told without questions", () => {
  alike(
    bot.result({ isPublic: true, features: ["news"] }, { title: "Done" }),
    "<x xmlns='jabber:x:data' type='result'><title>Done</title>" +
      "<field var='FORM_TYPE' type='hidden'><value>jabber:bot</value></field>" +
      "<field var='public'><value>true</value></field><field var='features'><value>news</value></field></x>",
  );
});

test("every row of a table has every column", () => {
  const found = form("jabber:search", { name: textSingle("name", { label: "Name" }), page: textSingle("url") });
  alike(
    found.table([{ name: "Comune di Verona", page: "http://verona.example/" }, { name: "benvenuto!" }]),
    "<x xmlns='jabber:x:data' type='result'>" +
      "<reported><field var='name' type='text-single' label='Name'/><field var='url' type='text-single'/></reported>" +
      "<item><field var='name'><value>Comune di Verona</value></field>" +
      "<field var='url'><value>http://verona.example/</value></field></item>" +
      "<item><field var='name'><value>benvenuto!</value></field><field var='url'><value/></field></item></x>",
  );
});

test("a value of any kind stands in a line of text, an address in its own field, a token in a hidden one", () => {
  const page = form("page", {
    size: typedText("size", integer({ max: 50 })),
    from: jidSingle("from"),
    token: hidden("token"),
  });
  const values = { size: 7, from: anyJid("juliet@capulet.com"), token: "t1" };
  assert.deepEqual(page.read(page.submit(values)), values);
  assert.throws(() => page.read(parseElement(x("submit", field("size", "51")))), refusedWith("not-acceptable"));
});

describe("not acceptable", () => {
  const cases: Readonly<Record<string, readonly string[]>> = {
    "a required field that is not there": [],
    "two values in a field that takes one": [isPublic, field("botname", "A", "B")],
    "a choice that was not offered": [isPublic, field("maxsubs", "1000")],
    "one of several choices that was not offered": [isPublic, field("features", "news", "spam")],
    "neither yes nor no": [field("public", "perhaps")],
    "no address where one is asked for": [isPublic, field("invitelist", "@montague")],
    "more values than the field takes": [isPublic, field("invitelist", "a@b", "c@d", "e@f", "g@h")],
    "a field that is filled in twice": [isPublic, isPublic],
    "a line longer than the field takes": [isPublic, field("botname", "x".repeat(3_072))],
    "a text longer than the field takes": [isPublic, field("description", "x".repeat(16_385))],
    "more fields than anybody would ask": [isPublic, ...Array.from({ length: 256 }, (_, n) => field(`f${n}`))],
  };
  for (const [name, fields] of Object.entries(cases))
    test(name, () => {
      assert.throws(() => read(...fields), refusedWith("not-acceptable"));
    });

  test("a required text with nothing in it", () => {
    const login = form("login", { user: textSingle("user", { required: true }) });
    assert.throws(() => login.read(parseElement(x("submit", field("user", "")))), refusedWith("not-acceptable"));
  });
});

describe("no submission of this form at all", () => {
  for (const [name, text] of Object.entries({
    "a form that asks": x("form", isPublic),
    "a form with another meaning": x("submit", field("FORM_TYPE", "jabber:iq:register"), isPublic),
    "another element": "<query xmlns='jabber:iq:roster'/>",
  }))
    test(name, () => {
      assert.throws(() => bot.read(parseElement(text)), refusedWith("bad-request"));
    });
});

function refusedWith(condition: string): (error: unknown) => boolean {
  return (error) => error instanceof ShapeError && error.condition === condition;
}
