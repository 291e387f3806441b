const answerMsMax = 30_000;
/** Once is not enough for what finalizers let go of. */
const rounds = 3;

/** Has a Node program that listens for a debugger collect its garbage, and returns what its heap holds then, in bytes. */
export async function collectGarbage(inspectorPort: number): Promise<number> {
  const signal = AbortSignal.timeout(answerMsMax);
  const listed: unknown = await (await fetch(`http://127.0.0.1:${inspectorPort}/json`, { signal })).json();
  const address = /"webSocketDebuggerUrl":"([^"]+)"/.exec(JSON.stringify(listed))?.[1];
  if (address === undefined) throw new Error(`no program to be inspected at port ${inspectorPort}`);
  const socket = new WebSocket(address);
  try {
    await happens(socket, "open", signal);
    for (let round = 0; round < rounds; round += 1) await ask(socket, "HeapProfiler.collectGarbage", {}, signal);
    const usage = await ask(socket, "Runtime.evaluate", { expression: "`${process.memoryUsage().heapUsed}`" }, signal);
    const bytes = /"value":"(\d+)"/.exec(usage)?.[1];
    if (bytes === undefined) throw new Error(`no size of a heap: ${usage}`);
    return Number(bytes);
  } finally {
    socket.close();
  }
}

async function ask(socket: WebSocket, method: string, params: object, signal: AbortSignal): Promise<string> {
  const answered = happens(socket, "message", signal);
  socket.send(JSON.stringify({ id: 1, method, params }));
  const event = await answered;
  return event instanceof MessageEvent ? String(event.data) : "";
}

function happens(socket: WebSocket, name: "open" | "message", signal: AbortSignal): Promise<Event> {
  return new Promise((resolve, reject) => {
    socket.addEventListener(name, resolve, { once: true, signal });
    socket.addEventListener("error", () => reject(new Error("the inspector went away")), { once: true, signal });
    signal.addEventListener("abort", () => reject(new Error("the inspector does not answer")), { once: true });
  });
}
