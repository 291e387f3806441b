import { z } from "zod";

const orderSchema = z.object({
  scenario: z.string(),
  goal: z.object({
    host: z.string(),
    port: z.number(),
    tls: z.boolean(),
    domain: z.string(),
    mechanism: z.enum(["PLAIN", "SCRAM-SHA-1", "ANONYMOUS", "FAST"]),
    metricsPort: z.number().optional(),
    inspectorPort: z.number().optional(),
  }),
});

/** What the load's process is told to do, as its argument. */
export type Order = z.infer<typeof orderSchema>;

export function parseOrder(argument: string | undefined): Order {
  return orderSchema.parse(JSON.parse(argument ?? "null"));
}

export function parseFigures(output: string): Readonly<Record<string, number>> {
  return z.record(z.string(), z.number()).parse(JSON.parse(output));
}
