/** One thing that was looked at. */
export interface Finding {
  readonly area: "configuration" | "certificate" | "listener" | "storage" | "dns" | "servers" | "clients" | "trust";
  readonly state: "good" | "hint" | "bad";
  readonly text: string;
  /** To be written somewhere, word by word. */
  readonly lines?: readonly string[];
}
