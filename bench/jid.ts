/**
 * What reading addresses costs. `node bench/jid.ts` prints one line a case; nothing is judged here.
 * Each case reads slices of a chunk, as the XML reader cuts them, and not one constant string.
 */
import { JidCache } from "#protocol/jid/jid-cache.ts";
import { parseJid } from "#protocol/jid/jid.ts";

const addresses = {
  "ASCII, canonical": (i: number) => `juliet${i % 10}@example.com/balcony`,
  "ASCII, bare": (i: number) => `juliet${i % 10}@example.com`,
  "ASCII, capital letters": (i: number) => `Juliet${i % 10}@Example.com/balcony`,
  "Latin letters with accents": (i: number) => `rené${i % 10}@example.com/balcony`,
  "Greek, with a Hebrew resource": (i: number) => `οδος${i % 10}@example.com/מרפסת`,
  "international domain": (i: number) => `juliet${i % 10}@bücher.example/balcony`,
  "no address": (i: number) => `juliet ${i % 10}@example.com/balcony`,
} as const;

const rounds = 200_000;

function measure(name: string, make: (i: number) => string, parse: (input: string) => string | undefined): void {
  const chunk = Array.from({ length: 1000 }, (_, i) => make(i));
  const text = chunk.join("|");
  let starts = 0;
  const places = chunk.map((address) => [starts, (starts += address.length + 1) - 1] as const);
  let best = Infinity;
  let found = 0;
  for (let repetition = 0; repetition < 5; repetition++) {
    const from = performance.now();
    for (let i = 0; i < rounds; i++) {
      const [start, end] = places[i % places.length]!;
      if (parse(text.slice(start, end)) !== undefined) found++;
    }
    best = Math.min(best, ((performance.now() - from) * 1e6) / rounds);
  }
  console.log(`${name.padEnd(46)} ${best.toFixed(0).padStart(7)} ns ${found === 0 ? "(refused)" : ""}`);
}

const cache = new JidCache(10_000);
measure("slicing alone", addresses["ASCII, canonical"], (input) => input);
for (const [name, make] of Object.entries(addresses)) {
  measure(`${name}: parseJid`, make, parseJid);
  measure(`${name}: JidCache`, make, (input) => cache.parse(input));
}
