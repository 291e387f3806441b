const headerBytes = 12;
/** Type, class, time to live and length of a record, behind its name. */
const recordFieldsBytes = 10;

/** Lengths of what records of some types hold, by the number of the type. */
const dataBytes: Readonly<Record<number, number>> = { 1: 4, 28: 16 };

/**
 * Whether names and lengths of a message lead from its first byte to its last, and nowhere else. What reads it for good
 * believes some lengths unseen.
 */
export function isWellFormed(bytes: Buffer): boolean {
  if (bytes.length < headerBytes) return false;
  const questions = bytes.readUInt16BE(4);
  const records = bytes.readUInt16BE(6) + bytes.readUInt16BE(8) + bytes.readUInt16BE(10);
  let at: number | undefined = headerBytes;
  for (let i = 0; i < questions && at !== undefined; i += 1) at = afterQuestion(bytes, at);
  for (let i = 0; i < records && at !== undefined; i += 1) at = afterRecord(bytes, at);
  return at === bytes.length;
}

function afterQuestion(bytes: Buffer, start: number): number | undefined {
  const at = afterName(bytes, start);
  return at === undefined || at + 4 > bytes.length ? undefined : at + 4;
}

function afterRecord(bytes: Buffer, start: number): number | undefined {
  const at = afterName(bytes, start);
  if (at === undefined || at + recordFieldsBytes > bytes.length) return undefined;
  const length = bytes.readUInt16BE(at + 8);
  const expected = dataBytes[bytes.readUInt16BE(at)];
  if (expected !== undefined && length !== expected) return undefined;
  const end = at + recordFieldsBytes + length;
  return end > bytes.length ? undefined : end;
}

/** RFC 1035 §4.1.4 */
function afterName(bytes: Buffer, start: number): number | undefined {
  for (let at = start; at < bytes.length;) {
    const length = bytes[at] ?? 0;
    if (length === 0) return at + 1;
    if ((length & 0xc0) === 0xc0) return at + 2;
    if ((length & 0xc0) !== 0) return undefined;
    at += length + 1;
  }
  return undefined;
}
