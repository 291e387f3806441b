import { StanzaError } from "#protocol/stanza/stanza-error.ts";
import type { Infer } from "#protocol/xml/element-schema.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import { textPrivate, textSingle } from "#xep/0004-data-forms/form-fields.ts";
import { form } from "#xep/0004-data-forms/form.ts";
import { NS_REGISTER, Query } from "./elements.ts";

const registrationForm = form(NS_REGISTER, {
  username: textSingle("username", { label: "Username", required: true }),
  password: textPrivate("password", { label: "Password", required: true }),
});

/** Who wants an account, as which name and with which password. */
export interface Applicant {
  readonly username: string;
  readonly password: string;
}

/** The fields to be filled in, for clients with and without data forms. [xep0077-3.1-02] [xep0077-4-03] */
export function askForAccount(instructions: string, username: string | undefined): XmlElement {
  const asked = registrationForm.ask(username === undefined ? {} : { username }, {
    title: "New account",
    instructions: [instructions],
  });
  return Query.build({
    registered: false,
    remove: false,
    instructions,
    username: username ?? "",
    password: "",
    form: asked,
  });
}

/**
 * What was filled in; a form goes before the fields beside it. [xep0077-4-05]
 *
 * @throws StanzaError, ShapeError when something is missing [xep0077-3.1-09]
 */
export function applicantOf(query: Infer<typeof Query>): Applicant {
  const { username = "", password = "" } = query.form === undefined ? query : (registrationForm.read(query.form) ?? {});
  if (username === "" || password === "")
    throw new StanzaError("not-acceptable", { text: "a username and a password are needed" });
  return { username, password };
}
