import { bareOf, localpartOf, makeJid } from "#protocol/jid/jid.ts";
import { StanzaError } from "#protocol/stanza/stanza-error.ts";
import type { Infer } from "#protocol/xml/element-schema.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import type { Host } from "#kit/host.ts";
import type { Session } from "#kit/session.ts";
import { Query } from "./elements.ts";
import { checkPassword, refusalOf } from "./passwords.ts";
import { applicantOf } from "./registration-form.ts";

/** What is on file. [xep0077-3.1-05] */
export async function showRegistration(host: Host, session: Session): Promise<XmlElement> {
  await mustBeRegistered(host, session);
  return Query.build({
    registered: true,
    remove: false,
    instructions: "You have an account. Send another password to change it.",
    username: localpartOf(session.account.jid) ?? "",
    password: "",
  });
}

/** The account is cancelled, or its password changed: whose, says the session, never the request (A45). [xep0077-3.2-01] */
export async function changeRegistration(host: Host, session: Session, element: XmlElement): Promise<undefined> {
  const query = Query.parse(element);
  if (query.remove && element.elements().length > 1)
    throw new StanzaError("bad-request", { text: "nothing else may stand beside remove" });
  await mustBeRegistered(host, session);
  if (query.remove) await cancel(host, session);
  else await changePassword(host, session, query);
  return undefined;
}

/** XEP-0077 §3.3 */
async function changePassword(host: Host, session: Session, query: Infer<typeof Query>): Promise<void> {
  // An empty password changes nothing. [xep0077-3.3-03]
  if (query.form === undefined && ((query.username ?? "") === "" || (query.password ?? "") === ""))
    throw new StanzaError("bad-request", { text: "a username and a password are needed" });
  const { username, password } = applicantOf(query);
  const { account, resource } = session;
  if (makeJid(username, host.domain) !== account.jid)
    throw new StanzaError("forbidden", { text: "only your own password is yours to change" });
  checkPassword(host, password);
  // Who else is logged in with the old one has to go (A55).
  const change = await host.accounts.setPassword(account.jid, password, resource);
  if (!change.ok) throw refusalOf(change);
  host.log.info({ host: host.domain, account: account.jid }, "password changed by its owner");
}

/** Its client is told when the account is gone for good, and its sessions end behind that. XEP-0077 §3.2 */
function cancel(host: Host, { account }: Session): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const gone = (): void => {
    host.log.info({ host: host.domain, account: account.jid }, "account cancelled by its owner");
    resolve();
  };
  host.accounts.delete(account.jid, gone).then((change) => {
    if (!change.ok) reject(refusalOf(change));
  }, reject);
  return promise;
}

async function mustBeRegistered(host: Host, { account }: Session): Promise<void> {
  // Guests have sessions, too.
  if (!(await host.accounts.exists(bareOf(account.jid))))
    throw new StanzaError("registration-required", { text: "this account lasts only as long as you are here" });
}
