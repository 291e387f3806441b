import type { XmlElement } from "#protocol/xml/element.ts";
import { NS_SM } from "#protocol/xml/namespaces.ts";
import type { ClientSession, Sent } from "./client-session.ts";
import type { Scheduled } from "./sim-clock.ts";
import type { SimClient } from "./sim-client.ts";

/** Stanzas that are sent before the client asks for an acknowledgement. */
const askAfterStanzas = 5;
/** Who has heard so many bytes answers at once: who reads an archive as fast as it comes is not to be taken for one who does not. */
const answerAfterBytes = 65_536;

/** What a client says of stream management while it is online (XEP-0198 §4): it asks, answers, and hears what is handled. */
export class ClientManagement {
  readonly #client: SimClient;
  #asked = false;
  /** Bytes that came since the last acknowledgement. */
  #bytesHeard = 0;
  #ackDue: Scheduled | undefined;

  constructor(client: SimClient) {
    this.#client = client;
  }

  /** Sends a stanza of a session that is managed, and asks for an acknowledgement sooner or later. */
  send(session: ClientSession, bytes: string, kept: Omit<Sent, "bytes">): void {
    const { part } = this.#client;
    session.sent += 1;
    session.unacknowledged.push({ bytes, ...kept });
    // Nothing is sent before the session is resumed (XEP-0198 §5): then it goes out with what went out before.
    if (!this.#client.online) return;
    if (part.eager || session.unacknowledged.length % askAfterStanzas === 0)
      this.#client.write(`${bytes}<r xmlns='${NS_SM}'/>`);
    else {
      this.#client.write(bytes);
      this.#askLater();
    }
  }

  /** An element of stream management came. */
  take(session: ClientSession, element: XmlElement): void {
    if (element.name === "r") this.#acknowledgeSoon(session);
    else if (element.name === "a") {
      this.#asked = false;
      this.acknowledged(session, Number(element.attr("h")));
      if (session.unacknowledged.length > 0) this.#askLater();
    }
  }

  acknowledged(session: ClientSession, h: number): void {
    const wrong = session.acknowledge(h, this.#client.world.clock.now);
    if (wrong !== undefined) this.#client.violation(wrong);
  }

  askNow(): void {
    this.#asked = true;
    this.#client.write(`<r xmlns='${NS_SM}'/>`);
  }

  /** So many bytes have come. */
  heard(bytes: number): void {
    this.#bytesHeard += bytes;
    const { session } = this.#client;
    if (this.#bytesHeard < answerAfterBytes || this.#ackDue === undefined || session === undefined) return;
    this.#ackDue.cancel();
    this.#ackDue = undefined;
    this.#acknowledge(session);
  }

  /** The connection is no more. */
  forget(): void {
    this.#ackDue?.cancel();
    this.#ackDue = undefined;
    this.#asked = false;
  }

  /** Answers with what it has by then. */
  #acknowledgeSoon(session: ClientSession): void {
    const client = this.#client;
    if (!client.acks || this.#ackDue !== undefined) return;
    this.#ackDue = client.world.clock.after(client.draws.chance(0.8) ? 0 : client.draws.below(3_000), () => {
      this.#ackDue = undefined;
      this.#acknowledge(session);
    });
  }

  #acknowledge(session: ClientSession): void {
    const client = this.#client;
    this.#bytesHeard = 0;
    if (client.session === session && client.online)
      client.writeCount(session, `<a xmlns='${NS_SM}' h='${session.handled}'/>`);
  }

  #askLater(): void {
    if (this.#asked) return;
    const client = this.#client;
    const { session } = client;
    this.#asked = true;
    client.world.clock.after(2_000, () => {
      if (client.session === session && client.online && this.#asked) this.askNow();
    });
  }
}
