import type { Hooks } from "./fault.ts";

/**
 * Hooks that act together, one around the other: each sees what comes in as the one before has left it,
 * and what goes out as the one behind has.
 */
export function combine(all: readonly Hooks[]): Hooks {
  const [first, ...others] = all;
  if (first === undefined) return {};
  return others.length === 0 ? first : around(first, combine(others));
}

function around(outer: Hooks, inner: Hooks): Hooks {
  return {
    words: (words) => {
      const changed = outer.words?.(words) ?? words;
      return inner.words?.(changed) ?? changed;
    },
    tune(settings) {
      outer.tune?.(settings);
      inner.tune?.(settings);
    },
    async listen(listener) {
      await outer.listen?.(listener);
      await inner.listen?.(listener);
    },
    async connect(session) {
      await outer.connect?.(session);
      await inner.connect?.(session);
    },
    async header(message, session) {
      await outer.header?.(message, session);
      await inner.header?.(message, session);
    },
    async partial(part, count, length) {
      await outer.partial?.(part, count, length);
      await inner.partial?.(part, count, length);
    },
    request: async (request, session) =>
      await outer.request?.(request, session) ?? await inner.request?.(request, session),
    async reply(reply, request, session) {
      if (await inner.reply?.(reply, request, session) === false) return false;
      return await outer.reply?.(reply, request, session);
    },
    ...pieces(outer, inner),
    async ask(command, session) {
      await outer.ask?.(command, session);
      await inner.ask?.(command, session);
    },
    async answer(answer, command, session) {
      await outer.answer?.(answer, command, session);
      await inner.answer?.(answer, command, session);
    },
    async disconnect(session, cause) {
      if (await inner.disconnect?.(session, cause) === false) return false;
      return await outer.disconnect?.(session, cause);
    },
    terminate() {
      if (inner.terminate?.() === false) return false;
      return outer.terminate?.();
    },
  };
}

/** Where both cut, the shorter piece leaves. */
function pieces(outer: Hooks, inner: Hooks): Pick<Hooks, "piece"> {
  const both = [outer, inner].filter((hooks) => hooks.piece !== undefined);
  if (both.length === 0) return {};
  return {
    async piece(at, size) {
      let least = Infinity;
      for (const hooks of both) least = Math.min(least, await hooks.piece!(at, size));
      return least;
    },
  };
}
