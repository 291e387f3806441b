import { text } from "#protocol/xml/codec.ts";
import { element, type Infer } from "#protocol/xml/element-schema.ts";
import { attr } from "#protocol/xml/schema-fields.ts";
import { writes, type AccountIqHandler, type AccountRequest } from "#kit/iq.ts";
import type { ModuleParts, ServerModule } from "#kit/server-module.ts";
import { accountValue, json } from "#kit/slots.ts";

export const NS_NOTES = "urn:test";
export const Note = element(NS_NOTES, "note", { value: attr("value", text) });

/** What an account has noted last. */
export const noteSlot = accountValue<string>("note", 1, json());

/** The smallest feature that keeps something, with whose requests tests see what an account does with its data. */
export function notesModule(parts: ModuleParts): ServerModule {
  return { name: "notes", implements: [], slots: [noteSlot], start: () => parts };
}

/** @param then what else the request does, once the note is set */
export function setsNote(
  then: (request: AccountRequest<Infer<typeof Note>>) => undefined | Promise<undefined> = () => undefined,
): AccountIqHandler {
  return writes(Note, (request) => {
    request.account.value(noteSlot).set(request.payload.value);
    return then(request);
  });
}

/** What a client sends. */
export function noteRequest(type: "get" | "set", id: string, value = ""): string {
  return `<iq type='${type}' id='${id}'><note xmlns='${NS_NOTES}' value='${value}'/></iq>`;
}
