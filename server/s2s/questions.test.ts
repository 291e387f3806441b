import assert from "node:assert/strict";
import { test } from "node:test";
import { Questions } from "./questions.ts";

test("what several wait for is asked once, and answered to all of them", async () => {
  const questions = new Questions<string>();
  let asked = 0;
  const ask = (): void => void (asked += 1);
  const answers = Promise.all([questions.put("a", ask), questions.put("a", ask), questions.put("a")]);
  assert.deepEqual([asked, questions.size], [1, 1]);
  questions.answer("a", "yes");
  assert.deepEqual(await answers, ["yes", "yes", "yes"]);
  assert.equal(questions.size, 0);
});

test("what was answered is asked anew", async () => {
  const questions = new Questions<string>();
  let asked = 0;
  for (const said of ["no", "yes"]) {
    const answer = questions.put("a", () => void (asked += 1));
    questions.answer("a", said);
    assert.equal(await answer, said);
  }
  assert.equal(asked, 2);
});

test("an answer is for those who asked that, and one that nobody waits for changes nothing", async () => {
  const questions = new Questions<string>();
  questions.answer("a", "early");
  const [one, other] = [questions.put("a"), questions.put("b")];
  questions.answer("c", "unasked");
  questions.answer("a", "yes");
  assert.equal(await one, "yes");
  assert.equal(questions.size, 1);
  questions.answerAll("lost");
  assert.equal(await other, "lost");
  assert.equal(questions.size, 0);
});

test("an answer that comes while it is asked is heard", async () => {
  const questions = new Questions<string>();
  assert.equal(await questions.put("a", () => questions.answer("a", "at once")), "at once");
});
