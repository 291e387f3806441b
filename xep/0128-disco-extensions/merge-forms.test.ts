import assert from "node:assert/strict";
import { test } from "node:test";
import { formTypeField, valueField, type DataForm } from "../0004-data-forms/elements.ts";
import { mergeForms } from "./merge-forms.ts";

const form = (...fields: DataForm["fields"]): DataForm => ({ type: "result", instructions: [], fields, items: [] });
const serverInfo = formTypeField("http://jabber.org/network/serverinfo");
const roomInfo = formTypeField("http://jabber.org/protocol/muc#roominfo");

test("forms about one thing become one, in the place of the first", () => {
  const port = valueField("c2s_port", ["5222"]);
  const subject = valueField("muc#roominfo_subject", ["Spells"]);
  const admin = valueField("admin-addresses", ["xmpp:admin@shakespeare.example"]);
  assert.deepEqual(mergeForms([form(serverInfo, port), form(roomInfo, subject), form(serverInfo, admin)]), [
    form(serverInfo, port, admin),
    form(roomInfo, subject),
  ]);
});

test("what two features say of one field is what the first of them says", () => {
  const one = valueField("c2s_port", ["5222"]);
  const other = valueField("c2s_port", ["5223"]);
  assert.deepEqual(mergeForms([form(serverInfo, one), form(serverInfo, other)]), [form(serverInfo, one)]);
});

test("a form that does not say what it is about is left out", () => {
  assert.deepEqual(mergeForms([form(valueField("c2s_port", ["5222"]))]), []);
});
