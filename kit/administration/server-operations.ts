import { z } from "zod";
import { instant, logLevel } from "../administration-values.ts";
import { call, stream } from "./operation.ts";

/** What is asked of the server as a whole. */
export const serverOperations = {
  status: call({
    offline: false,
    input: z.strictObject({}),
    output: z.object({
      version: z.string(),
      pid: z.int(),
      startedAt: instant,
      dataDir: z.string(),
      configFile: z.string().optional(),
      listeners: z.array(z.object({ kind: z.string(), address: z.string(), port: z.int(), tls: z.string() })),
      hosts: z.array(
        z.object({
          domain: z.string(),
          sessions: z.int(),
          /** Days until the certificate expires, negative when it has; absent when the host has none. */
          certificateDays: z.number().optional(),
          selfSigned: z.boolean().optional(),
        }),
      ),
      connections: z.int(),
      sessions: z.int(),
      store: z.object({ kind: z.string(), ok: z.boolean(), detail: z.string().optional() }),
      /** What can be searched: how many rows wait to be indexed, and why they cannot be. */
      search: z.object({
        state: z.enum(["ready", "indexing", "failing"]),
        indexed: z.int(),
        waiting: z.int(),
        detail: z.string().optional(),
      }),
      memoryBytes: z.int(),
    }),
  }),
  /** Copies the store while it is in use. The last item says `done`. */
  backup: stream({
    offline: true,
    /** `file`: absolute, must not exist yet. */
    input: z.strictObject({ file: z.string().max(4096) }),
    item: z.object({ done: z.boolean(), bytes: z.int().optional(), fraction: z.number().min(0).max(1).optional() }),
  }),
  showConfig: call({
    offline: true,
    input: z.strictObject({}),
    /** As in balcony.toml, defaults filled in, secrets blotted out. */
    output: z.object({ file: z.string().optional(), config: z.record(z.string(), z.unknown()) }),
  }),
  reloadConfig: call({ offline: false, input: z.strictObject({}), output: reloadReport() }),
  /** The latest log lines; with `follow`, then every new one until the caller stops. */
  tailLog: stream({
    offline: false,
    input: z.strictObject({ lines: z.int().min(0).max(10_000), level: logLevel, follow: z.boolean() }),
    item: z.object({
      time: instant,
      level: logLevel,
      text: z.string(),
      fields: z.record(z.string(), z.unknown()),
      /** Lines lost just before this one because the reader was too slow. */
      missed: z.int().optional(),
    }),
  }),
};

function reloadReport() {
  return z.object({
    /** Keys whose new value holds now, as written in balcony.toml. */
    changed: z.array(z.string()),
    /** Keys whose new value waits for a restart. */
    restartNeeded: z.array(z.string()),
    /** What was not taken over, and why; the old state goes on. */
    problems: z.array(z.string()),
    hosts: z.object({ added: z.array(z.string()), removed: z.array(z.string()) }),
    /** Domains whose certificate is another one now. */
    certificates: z.array(z.string()),
  });
}
