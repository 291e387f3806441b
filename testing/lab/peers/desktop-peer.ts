import type { Screen } from "../screen.ts";

/** A messenger with windows, as the scenarios see it. Dispose of it to end it without its saying goodbye. */
export interface DesktopPeer extends AsyncDisposable {
  /** What its window is called. */
  readonly title: string;
  readonly logFile: string;
  /** Waits until its own history has a message of this text, and counts how often; `sent`: that the user wrote it. */
  readonly keeps: (body: string) => Promise<{ readonly count: number; readonly sent: boolean }>;
  /** Brings a conversation in front. */
  readonly open: (contact: string) => Promise<void>;
  /** Sends a message in the conversation in front, which is with this contact. */
  readonly send: (contact: string, body: string) => Promise<void>;
  /** How often its log says that it has begun a session, and that it has resumed one. */
  readonly sessions: () => { readonly begun: number; readonly resumed: number };
}

/** Starts a client as on a new machine: it knows the account and nothing else, finds the server by SRV and logs in. */
export type StartDesktopPeer = (options: { readonly screen: Screen; readonly jid: string }) => Promise<DesktopPeer>;
