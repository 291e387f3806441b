/** What a check has found; texts for whoever reads the report. */
export type Problems = readonly string[];

interface Sent {
  readonly number: number;
  acknowledged: boolean;
  received: boolean;
  /** The server has given it back. It may have kept it all the same, when it could not know that it had. */
  refused: boolean;
}

/** What one session of a sender sent to one recipient. */
interface Course {
  readonly from: string;
  readonly to: string;
  readonly sent: Sent[];
  /** The sender's session is over: nothing more comes, and nothing more is acknowledged. */
  ended: boolean;
}

/** Sender, recipient and number. */
export const idPattern = /^([^>]+)>([^#]+)#(\d+)$/;

export function recipientOf(id: string): string | undefined {
  return idPattern.exec(id)?.[2];
}

/**
 * Knows of every message who sent it to whom, whether the server took responsibility for it, and whether it arrived.
 * What the server has acknowledged must arrive, whatever happens to the server; what it has not may be lost, but only
 * the end of a session's messages, and never one from among them.
 */
export class MessageLedger {
  #courses: Course[] = [];
  readonly #open = new Map<string, Course>();
  readonly #byId = new Map<string, Sent>();
  #last = 0;
  /** Acknowledged messages that a check has found to have arrived. */
  kept = 0;
  acknowledged = 0;
  /** Messages that came, for the first time. */
  arrived = 0;
  /** Messages that came again after a crash: allowed, and told. */
  repeated = 0;

  /** Returns the id of the next message from `from` to `to`. */
  send(from: string, to: string): string {
    const key = `${from}>${to}`;
    let course = this.#open.get(key);
    if (course === undefined) {
      course = { from, to, sent: [], ended: false };
      this.#open.set(key, course);
      this.#courses.push(course);
    }
    const number = ++this.#last;
    const message = { number, acknowledged: false, received: false, refused: false };
    course.sent.push(message);
    this.#byId.set(`${key}#${number}`, message);
    return `${key}#${number}`;
  }

  acknowledge(id: string): void {
    const message = this.#byId.get(id);
    if (message === undefined || message.acknowledged) return;
    message.acknowledged = true;
    this.acknowledged++;
  }

  refuse(id: string): void {
    const message = this.#byId.get(id);
    if (message !== undefined) message.refused = true;
  }

  /** A message has come to `to`. Returns what is wrong with it, if anything is. */
  receive(to: string, id: string): string | undefined {
    const [, , recipient, number = ""] = idPattern.exec(id) ?? [];
    if (recipient !== to) return `${to} received "${id}", which is not for them`;
    if (Number(number) > this.#last) return `${to} received "${id}", which nobody has sent yet`;
    const message = this.#byId.get(id);
    // What was checked and forgotten came once already.
    if (message === undefined || message.received) this.repeated++;
    else {
      message.received = true;
      this.arrived++;
    }
    return undefined;
  }

  /** Every session is over: the server was killed. */
  endSessions(): void {
    for (const course of this.#open.values()) course.ended = true;
    this.#open.clear();
  }

  /** Whether something that was acknowledged in sessions that are over has not come to `to` yet. */
  isMissing(to: string): boolean {
    return this.#courses.some(
      (course) =>
        course.ended &&
        course.to === to &&
        course.sent.some(({ acknowledged, received, refused }) => acknowledged && !received && !refused),
    );
  }

  /** To be called when all that waited for `to` has come. Forgets what it looks at. */
  check(to: string): Problems {
    const done = this.#courses.filter((course) => course.ended && course.to === to);
    this.#courses = this.#courses.filter((course) => !done.includes(course));
    const problems: string[] = [];
    for (const { from, sent } of done) {
      const firstLost = sent.findIndex(({ received, refused }) => !received && !refused);
      for (const [index, { number, acknowledged, received, refused }] of sent.entries()) {
        const id = `${from}>${to}#${number}`;
        this.#byId.delete(id);
        if (refused) continue;
        if (acknowledged && !received) problems.push(`${id} was acknowledged and is lost`);
        else if (received && firstLost !== -1 && index > firstLost)
          problems.push(`${id} is there, though an earlier message is not`);
        else if (acknowledged) this.kept++;
      }
    }
    return problems;
  }
}

/** Looks whether what comes to one session from one sender comes in the order of sending. */
export class ArrivalOrder {
  readonly #lastFrom = new Map<string, number>();

  arrived(id: string): string | undefined {
    const [, from = "", , number = ""] = idPattern.exec(id) ?? [];
    const last = this.#lastFrom.get(from) ?? 0;
    this.#lastFrom.set(from, Number(number));
    return Number(number) > last ? undefined : `${id} came behind number ${last}`;
  }
}
