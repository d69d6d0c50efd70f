// One of a kind at a time: a command pressed twice, a button and a key together. In: work, and what it is about. Out: the
// same work, which who asks again before it is over joins. Never here: an answer that is kept.

/** What is about the same thing goes on once, however many ask for it and whatever else they hand over. */
export function joining<About, More extends unknown[], Answer>(
  work: (about: About, ...more: More) => Promise<Answer>,
): (about: About, ...more: More) => Promise<Answer> {
  const going = new Map<About, Promise<Answer>>();
  return (about, ...more) => {
    const begun = going.get(about);
    if (begun !== undefined) return begun;
    const answer = work(about, ...more).finally(() => going.delete(about));
    going.set(about, answer);
    return answer;
  };
}
