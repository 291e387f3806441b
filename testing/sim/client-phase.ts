/** What a client is at. */
export type ClientPhase =
  | "offline"
  | "opening"
  | "authenticating"
  | "authenticating-at-once"
  | "opening-again"
  | "resuming"
  | "binding"
  | "enabling"
  | "online"
  /** It has said that it goes and waits for the server to say the same. */
  | "closing";
