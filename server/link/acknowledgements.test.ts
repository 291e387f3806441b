import { deepEqual, equal } from "node:assert/strict";
import { describe, it } from "node:test";
import { Acknowledgements } from "./acknowledgements.ts";

function setting(): { readonly told: string[]; readonly handled: Acknowledgements } {
  const told: string[] = [];
  return { told, handled: new Acknowledgements((bytes) => told.push(/h='(\d+)'/.exec(bytes)?.[1] ?? bytes)) };
}

describe("what came on a stream with stream management", () => {
  it("is acknowledged up to the first stanza that is not settled, and once more when all are", () => {
    const { told, handled } = setting();
    const [first, second, third] = [handled.next(), handled.next(), handled.next()];
    first.release();
    third.release();
    handled.answer();
    deepEqual(told, ["1"]);
    second.release();
    deepEqual(told, ["1", "3"]);
  });

  it("is told once where all is settled when the peer asks, and not again by itself", () => {
    const { told, handled } = setting();
    handled.next().release();
    handled.answer();
    handled.next().release();
    deepEqual(told, ["1"]);
  });

  it("is told once for what is settled while a peer waits that may wait a moment, and after that moment all the same", () => {
    const waiting: { run: () => void; cancelled: boolean }[] = [];
    const told: string[] = [];
    const handled = new Acknowledgements(
      (bytes) => told.push(/h='(\d+)'/.exec(bytes)?.[1] ?? bytes),
      (run) => {
        const timer = { run, cancelled: false };
        waiting.push(timer);
        return { cancel: () => void (timer.cancelled = true) };
      },
    );
    const first = handled.next();
    handled.answer();
    const second = handled.next();
    handled.answer();
    first.release();
    deepEqual(told, []);
    second.release();
    deepEqual([told, waiting.map(({ cancelled }) => cancelled)], [["2"], [true]]);
    handled.next().release();
    const last = handled.next();
    handled.answer();
    waiting[1]?.run();
    deepEqual(told, ["2", "3"]);
    last.release();
    deepEqual([told, waiting.length], [["2", "3", "4"], 2]);
  });

  it("lets wait until all is settled, or the stream has ended", () => {
    const { handled } = setting();
    const ran: string[] = [];
    handled.whenAllSettled(() => ran.push("at once"));
    const one = handled.next();
    handled.whenAllSettled(() => ran.push("settled"));
    deepEqual(ran, ["at once"]);
    one.release();
    deepEqual(ran, ["at once", "settled"]);
    handled.next();
    handled.whenAllSettled(() => ran.push("ended"));
    handled.end();
    deepEqual(ran, ["at once", "settled", "ended"]);
  });

  it("is counted on from where the stream was, and around 2^32", () => {
    const { told, handled } = setting();
    handled.goOnFrom(2 ** 32 - 1);
    equal(handled.h, 2 ** 32 - 1);
    handled.next().release();
    handled.answer();
    deepEqual(told, ["0"]);
    equal(handled.settled, 2 ** 32);
  });
});
