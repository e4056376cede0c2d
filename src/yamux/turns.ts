/**
 * Calls `fn` when the microtask queue has gone round `turns` times: after what async functions that
 * have been resolved already still do in this tick, and before any timer or I/O.
 */
export function afterTurns (turns: number, fn: () => void): void {
  let left = turns
  const turn = (): void => {
    left--

    if (left > 0) {
      queueMicrotask(turn)
    } else {
      fn()
    }
  }

  queueMicrotask(turn)
}
