import { z } from "zod";

/** What a server's process is to start with. */
export interface Orders {
  readonly toml: string;
  readonly accounts: readonly string[];
}

export const Question = z.enum(["figures", "memory", "reload", "stop"]);
export type Question = z.infer<typeof Question>;

const count = z.number();

/** In bytes, after a collection of garbage. */
export const Memory = z.object({ rss: count, heapUsed: count, external: count, arrayBuffers: count });
export type Memory = z.infer<typeof Memory>;

export const Figures = z.object({
  /** Processor time since the start. */
  cpuMs: count,
  connections: count,
  links: count,
  /** Of XML. */
  bytesReceived: count,
  limitsHit: z.record(z.string(), count),
  /** Texts of warnings and errors. */
  log: z.array(z.string()),
});
export type Figures = z.infer<typeof Figures>;

export const Ports = z.object({ port: count, tlsPort: count });
export const Reload = z.object({ problems: z.array(z.string()) });

export const Answer = z.object({ question: z.string(), answer: z.unknown() });
