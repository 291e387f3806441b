// Run by ChildServer: a server in a process of its own, so that its memory, processor time and open files are its own.

import { Session } from "node:inspector/promises";
import { silentObserver, startedServer } from "../started-server.ts";
import { Question, type Orders } from "./questions.ts";

const orders = JSON.parse(process.argv[2] ?? "{}") as Orders;
const started = await startedServer(orders.toml, { accounts: orders.accounts });
const inspector = new Session();
inspector.connect();

const answers: Readonly<Record<Question, () => Promise<unknown>>> = {
  memory: async () => {
    await inspector.post("HeapProfiler.collectGarbage");
    const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage();
    return { rss, heapUsed, external, arrayBuffers };
  },
  figures: async () => {
    const { user, system } = process.cpuUsage();
    return {
      cpuMs: (user + system) / 1000,
      connections: started.server.connections.total,
      links: started.server.core.links.size,
      bytesReceived: silentObserver.tally.bytesReceived,
      limitsHit: counted(started.limitsHit),
      log: started.log.filter(({ level }) => level === "warn" || level === "error").map(({ text }) => text),
    };
  },
  reload: async () => {
    const { problems } = await started.server.reload(started.config);
    return { problems };
  },
  stop: async () => {
    await started[Symbol.asyncDispose]();
    return {};
  },
};

process.on("message", (message) => {
  const question = Question.parse(message);
  void answers[question]().then((answer) => {
    process.send?.({ question, answer });
    if (question === "stop") process.disconnect?.();
  });
});
process.send?.({ question: "started", answer: { port: started.port, tlsPort: started.tlsPort } });

function counted(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
