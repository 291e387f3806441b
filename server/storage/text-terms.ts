import { hash } from "node:crypto";
import type { SearchableChild } from "#kit/storage.ts";
import { wordsOf, type Phrase } from "#kit/search-words.ts";
import { storedXml } from "#kit/stored-xml.ts";

/** The words of a stored value that can be searched; none where it is not the XML that was declared. */
export function searchableWords(value: string, searchable: readonly SearchableChild[]): readonly string[] {
  const texts: string[] = [];
  try {
    const element = storedXml.decode(value);
    for (const child of element.elements())
      if (searchable.some(({ ns, name }) => child.ns === ns && child.name === name)) texts.push(child.text);
  } catch {
    return [];
  }
  return wordsOf(texts.length === 1 ? (texts[0] ?? "") : texts.join("\n"));
}

/**
 * The terms of an index that all owners share begin with whose they are, so that what one looks for is found without a
 * look at what others have. Two owners may get the same beginning by chance, so rows are checked all the same.
 */
export class TermPrefix {
  readonly #start: string;
  /** Talks go back and forth. */
  #lastPeer: string | undefined;
  #lastPeerTerm = "";

  constructor(store: string, owner: string) {
    this.#start = hash("sha256", `${store}\0${owner}`, "hex").slice(0, prefixLength);
  }

  /** A word in this archive. Words hold neither of the signs that join. */
  word(word: string): string {
    return `${this.#start}_${word}`;
  }

  /** That a row is of a talk with this address. Stands behind the words, so that it is part of no phrase. */
  peer(bareAddress: string): string {
    if (bareAddress !== this.#lastPeer) {
      this.#lastPeer = bareAddress;
      this.#lastPeerTerm = `${this.#start}@${hash("sha256", bareAddress, "hex").slice(0, prefixLength)}`;
    }
    return this.#lastPeerTerm;
  }

  /** Phrases as lists of terms, and that of the other side, if only rows with it are wanted. */
  terms(phrases: readonly Phrase[], peer: string | undefined): readonly (readonly string[])[] {
    const words = phrases.map((phrase) => phrase.map((word) => this.word(word)));
    return peer === undefined ? words : [...words, [this.peer(peer)]];
  }
}

const prefixLength = 10;
