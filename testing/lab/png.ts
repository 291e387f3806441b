import { crc32, deflateSync } from "node:zlib";

const signature = Buffer.from("89504e470d0a1a0a", "hex");
const [depth, trueColour, none] = [8, 2, 0];

/** A picture as a PNG file. `rgb`: three bytes a pixel, row by row from the top. */
export function png(picture: { readonly width: number; readonly height: number; readonly rgb: Buffer }): Buffer {
  const { width, height, rgb } = picture;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, trueColour, none, none, none], 8);
  const rows: Buffer[] = [];
  for (let row = 0; row < height; row += 1)
    rows.push(Buffer.of(none), rgb.subarray(row * width * 3, (row + 1) * width * 3));
  const chunks = [chunk("IHDR", header), chunk("IDAT", deflateSync(Buffer.concat(rows))), chunk("IEND", Buffer.of())];
  return Buffer.concat([signature, ...chunks]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}
