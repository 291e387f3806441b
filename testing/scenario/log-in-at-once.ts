import { domainOf, localpartOf, parseJid } from "#protocol/jid/jid.ts";
import { encodeBase64 } from "#protocol/sasl/sasl-base64.ts";
import { encodeUtf8 } from "#protocol/sasl/utf8.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import type { ScriptedClient } from "./scripted-client.ts";
import type { World } from "./world.ts";

export const NS_SASL2 = "urn:xmpp:sasl:2";

/** What a client says beside its password. */
export interface AtOnce {
  /** Elements of `<authenticate/>`. */
  readonly inline?: string;
  /** The id of its installation. */
  readonly device?: string;
  readonly password?: string;
  readonly mechanism?: string;
  /** In place of a password's. */
  readonly initial?: Uint8Array;
  readonly from?: string;
  /** Where it connects from. */
  readonly address?: string;
}

/** A connection on which the features of a secured stream have been read. */
export async function opened(world: World, address: string, more: AtOnce = {}): Promise<ScriptedClient> {
  const client = world.connect(more.address === undefined ? {} : { address: more.address });
  const jid = parseJid(address);
  if (jid === undefined) throw new Error(`${address} is no address`);
  await client.open(domainOf(jid));
  return client;
}

/** Logs in with one request (XEP-0388). What came in answer is left to be looked at. */
export async function request(client: ScriptedClient, address: string, more: AtOnce = {}): Promise<void> {
  const jid = parseJid(address);
  const user = jid === undefined ? "" : (localpartOf(jid) ?? "");
  const { device, inline = "", mechanism = "PLAIN", password = user } = more;
  const initial = encodeBase64(more.initial ?? encodeUtf8(`\0${user}\0${password}`));
  const agent = device === undefined ? "" : `<user-agent id='${device}'><software>Script</software></user-agent>`;
  await client.sendText(
    `<authenticate xmlns='${NS_SASL2}' mechanism='${mechanism}'><initial-response>${initial}</initial-response>${agent}${inline}</authenticate>`,
  );
}

/** A client that is in, and what it was told: `<success/>`, or what came in its place. */
export async function logInAtOnce(
  world: World,
  address: string,
  more: AtOnce = {},
): Promise<{ readonly client: ScriptedClient; readonly answer: XmlElement }> {
  const client = await opened(world, address, more);
  await request(client, address, more);
  const answer = client.next();
  client.jid = answer.child(NS_SASL2, "authorization-identifier")?.text ?? "";
  return { client, answer };
}
