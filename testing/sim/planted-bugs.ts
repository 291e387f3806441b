/** A bug to be planted in a copy of the project: text to find in a file, once, and what to put there. */
export interface PlantedBug {
  readonly name: string;
  readonly path: string;
  readonly find: string;
  readonly put: string;
  /** How many servers the worlds have in which it is looked for; default: one. */
  readonly servers?: 2 | 3;
  /** Whether it is looked for in worlds with an external component. */
  readonly component?: boolean;
}

/** Bugs of the kinds that servers have had; `npm run sim:bite` shows that the simulator finds each. */
export const plantedBugs: readonly PlantedBug[] = [
  {
    name: "ack-before-commit",
    path: "server/account/account.ts",
    find: "this.whenDurable(release, release);",
    put: "release();",
  },
  {
    name: "outbox-flush-forgotten",
    path: "server/account/outbox.ts",
    find: "const released = this.#entries.splice(0, count === -1 ? this.#entries.length : count);",
    put: "const all = this.#entries.splice(0, count === -1 ? this.#entries.length : count);\n    const released = batch % 16 === 0 ? [] : all;",
  },
  {
    name: "two-sends-swapped",
    path: "server/account/outbox.ts",
    find: "const released = this.#entries.splice(0, count === -1 ? this.#entries.length : count);",
    put: "const released = this.#entries.splice(0, count === -1 ? this.#entries.length : count).reverse();",
  },
  {
    name: "management-counts-one-too-many",
    path: "server/session/session.ts",
    find: 'return ready({ type: "resumed", h: management.handled.h });',
    put: 'return ready({ type: "resumed", h: management.handled.h + 1 });',
  },
  {
    name: "push-dropped",
    path: "im/roster/push.ts",
    find: "for (const session of interestedSessions(account)) push(session, change);",
    put: "for (const session of interestedSessions(account).slice(0, 1)) push(session, change);",
  },
  {
    name: "ghost-session",
    path: "im/presence/server.ts",
    find: "on(sessionEnded, ({ account, session }) => leave(host, account, session, unavailableOf(session))),",
    put: 'on(sessionEnded, ({ account, session }) => { if (session.resource !== "street") leave(host, account, session, unavailableOf(session)); }),',
  },
  {
    name: "pre-approval-lost",
    path: "im/presence/subscription-states.ts",
    find: "return { state: { ...state, approved: true }, pass: false };",
    put: "return { state, pass: false };",
  },
  {
    name: "timer-leaked",
    path: "server/link/connection.ts",
    find: '    this.stopTimer("closing");\n    this.#lingering?.cancel();',
    put: "    this.#services.env.setTimer(86_400_000, () => undefined);\n    this.#lingering?.cancel();",
  },
  {
    name: "presence-change-not-shown-to-new-device",
    path: "im/presence/broadcast.ts",
    find: "if (other === session || presence === undefined) continue;",
    put: "if (other === session || presence === undefined || presence.priority < 0) continue;",
  },
  {
    name: "block-lets-presence-through",
    path: "im/privacy/changes.ts",
    find: "shut.push(to);",
    put: "continue;",
  },
  {
    name: "offline-row-never-removed",
    path: "im/messages/offline-rows.ts",
    find: "if (all.length === 0) return;",
    put: "if (all.length < 2) return;",
  },
  {
    name: "resumption-repeats-nothing",
    path: "server/link/link.ts",
    find: 'if (how === "resumed") this.#session?.repeat();',
    put: "",
  },
  {
    name: "archive-row-of-recipient-forgotten",
    path: "xep/0313-archive/server.ts",
    find: "      const row = watermarks.open(account);\n      // [xep0441-2.3.3-01]\n",
    put: "      if (account.sessions.size === 0) return stanza;\n      const row = watermarks.open(account);\n",
  },
  {
    name: "copy-for-one-device-only",
    path: "xep/0280-carbons/server.ts",
    find: "for (const session of sessions) send(account, session",
    put: "for (const session of sessions.slice(0, 1)) send(account, session",
  },
  {
    name: "read-in-the-archive-and-not-forgotten",
    path: "xep/0313-archive/server.ts",
    find: "session.send(waiting?.has(row.id) === true ? result.storedAs(row.id) : result);",
    put: "session.send(result);",
  },
  {
    name: "hibernation-record-not-written",
    path: "server/session/hibernation.ts",
    find: 'write({ op: "set", store: name, owner: jid, key: this.id, value: codec.encode(session) });',
    put: "void [write, name, jid, codec, session];",
  },
  {
    name: "watermark-too-far-ahead",
    path: "xep/0313-archive/watermark.ts",
    find: "const place = (open.empty && row === undefined ? last : (open.reached ?? base)) ?? beginning;",
    put: "const place = row ?? last ?? open.reached ?? base ?? beginning;",
  },
  {
    name: "token-good-for-the-same-count-again",
    path: "xep/0484-fast/device-tokens.ts",
    find: "if (token.count !== undefined && (presented.count ?? -1) <= token.count)",
    put: "if (token.count !== undefined && (presented.count ?? -1) < token.count)",
  },
  {
    name: "old-token-good-after-the-new-one-was-used",
    path: "xep/0484-fast/device-tokens.ts",
    find: "return { ok: true, kept: { ...device, seenAt, current: used, fresh: next } };",
    put: "return { ok: true, kept: { ...device, seenAt, current: used, fresh: token === fresh ? current : next } };",
  },
  {
    name: "acked-before-it-is-written-down-on-its-way-out",
    path: "server/s2s/outgoing-store.ts",
    find: "      await this.#store.commit(writes);\n      for (const duty of due) duty.written();\n",
    put: "      for (const duty of due) duty.written();\n      await this.#store.commit(writes);\n",
    servers: 3,
  },
  {
    name: "stream-between-servers-counts-one-too-many",
    path: "server/s2s/resumptions.ts",
    find: 'answer({ type: "smResumed", h: stream.handled ?? 0,',
    put: 'answer({ type: "smResumed", h: (stream.handled ?? 0) + 1,',
    servers: 2,
  },
  {
    name: "from-of-another-server-believed",
    path: "server/s2s/admit-remote.ts",
    find: 'if (!mayBring(domainOf(from), domainOf(to))) return new StreamError("invalid-from");',
    put: "void mayBring;",
    servers: 3,
  },
  {
    name: "bounce-lost",
    path: "server/s2s/bounce.ts",
    find: "  route(answer);\n  settlement?.release();",
    put: "  void answer;\n  settlement?.release();",
    servers: 2,
  },
  {
    name: "owed-by-a-stream-that-is-over-and-forgotten",
    path: "server/s2s/owed-stanzas.ts",
    find: "(managed && isRequest(stanza.stanza) ? returned : again).push(stanza);",
    put: "(managed && isRequest(stanza.stanza) ? returned : managed ? [] : again).push(stanza);",
    servers: 2,
  },
  {
    name: "row-of-what-has-left-stays",
    path: "server/s2s/outgoing-store.ts",
    find: "    this.#removed.push(...ids);\n    if (this.#removing",
    put: "    this.#removed.push(...ids.slice(1));\n    if (this.#removing",
    servers: 2,
  },
  {
    name: "error-for-another-server-forgotten-when-late",
    path: "server/s2s/route.ts",
    find: "if (stanza.isHeldError) this.#late.add(stanza);",
    put: "if (stanza.isHeldError) void stanza;",
    servers: 2,
  },
  {
    name: "stanza-for-a-component-lost-with-its-connection",
    path: "server/components/component-queue.ts",
    find: "    for (const waiting of undelivered) {\n      const fits",
    put: "    for (const waiting of undelivered.slice(1)) {\n      const fits",
    component: true,
  },
  {
    name: "stanza-for-a-component-twice",
    path: "server/components/component.ts",
    find: "for (const waiting of this.#queue.takeAll()) link.send(waiting);",
    put: "const all = this.#queue.takeAll();\n    for (const waiting of [...all, ...all.slice(-1)]) link.send(waiting);",
    component: true,
  },
  {
    name: "row-of-what-a-hibernating-session-owes-lost",
    path: "server/session/hibernation.ts",
    find: "    this.#account.archive(owedStanzas).append(",
    put: "    if (position % 8 !== 0) this.#account.archive(owedStanzas).append(",
  },
  {
    name: "failed-values-kept-when-read-anew",
    path: "server/account/account-data.ts",
    find: "this.#slots = new LiveSlots(",
    put: "this.#slots ??= new LiveSlots(",
  },
  {
    name: "what-a-connection-had-not-taken-counts-as-delivered",
    path: "server/session/untaken-messages.ts",
    find: "this.#parts.giveUp(message);",
    put: "void message;",
  },
  {
    name: "what-nobody-waits-for-is-lost-with-a-connection",
    path: "server/session/untaken-messages.ts",
    find: "this.#parts.giveUp(message);",
    put: "if (message.settlement !== undefined || message.stored !== undefined) this.#parts.giveUp(message);",
    servers: 2,
  },
  {
    name: "what-a-replaced-connection-had-not-taken-comes-late",
    path: "server/components/components.ts",
    find: "other.connection.giveWay();",
    put: "void other;",
    component: true,
  },
];
