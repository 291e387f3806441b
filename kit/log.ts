/** What a log line carries beside its text. Never a secret. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where events are told; one line each. */
export interface Log {
  readonly debug: (fields: LogFields, text: string) => void;
  readonly info: (fields: LogFields, text: string) => void;
  readonly warn: (fields: LogFields, text: string) => void;
  readonly error: (fields: LogFields, text: string) => void;
}
