/** Turns of the event loop within which something must happen that needs no time. */
const TURNS = 10_000

/** Lets the event loop turn until `condition` holds; fails when it does not within many turns. */
export async function eventually (condition: () => boolean, what = 'the condition to hold'): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) {
    if (condition()) {
      return
    }

    await new Promise<void>((resolve) => { setImmediate(resolve) })
  }

  throw new Error(`waited ${TURNS} turns of the event loop for ${what}`)
}

/** Lets the event loop turn `turns` times: what is already under way gets done. */
export async function turns (count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) {
    await new Promise<void>((resolve) => { setImmediate(resolve) })
  }
}
