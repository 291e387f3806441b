const hidden = "[hidden]";
const depthMax = 4;
const itemsMax = 20;
const textLengthMax = 2_000;

/** Names of fields whose value must never reach a log, whoever puts it there (A52). */
const secretName =
  /passw|secret|token|credential|cookie|authorization|^(private|stored|server)?_?key$|salt|nonce|proof|verifier|sasl_?(data|payload|response|challenge|initial)|^(initial_?response|challenge|response|payload|body|subject|stanza|element|xml|bytes)$/i;
/** A password within an address: `postgresql://user:password@host`. */
const passwordInUrl = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s:@/]*):[^\s@/]*@/gi;

/**
 * A copy of what a log line carries, with secrets blotted out, and with nothing in it but plain data of bounded size:
 * objects of classes (elements, sockets, sessions) become their class's name, because what is in them is not known here.
 */
export function withoutSecrets(fields: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields)
      .slice(0, itemsMax)
      .map(([name, value]) => [name, secretName.test(name) ? hidden : plain(value, 1)]),
  );
}

function plain(value: unknown, depth: number): unknown {
  if (typeof value === "string") return plainText(value);
  if (typeof value === "bigint") return String(value);
  if (typeof value === "function" || typeof value === "symbol") return `[${typeof value}]`;
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Error) return plainError(value, depth);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "[invalid date]" : value.toISOString();
  if (depth >= depthMax) return "[deep]";
  if (Array.isArray(value)) return value.slice(0, itemsMax).map((item) => plain(item, depth + 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return `[${value.constructor.name}]`;
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, itemsMax)
      .map(([name, item]) => [name, secretName.test(name) ? hidden : plain(item, depth + 1)]),
  );
}

function plainError(error: Error, depth: number): Record<string, unknown> {
  return {
    name: error.name,
    message: plainText(error.message),
    ...("code" in error && { code: plain(error.code, depthMax) }),
    ...(error.stack !== undefined && { at: plainText(framesOf(error.stack)) }),
    ...(error.cause !== undefined && depth < depthMax && { cause: plain(error.cause, depth + 1) }),
  };
}

/** The stack without the message, which is told already. */
function framesOf(stack: string): string {
  return stack
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line.startsWith("at "))
    .join(" ");
}

function plainText(text: string): string {
  const short = text.length > textLengthMax ? `${text.slice(0, textLengthMax)}…` : text;
  return short.includes("://") ? short.replace(passwordInUrl, `$1:${hidden}@`) : short;
}
