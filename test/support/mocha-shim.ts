import { afterAll, afterEach, beforeAll, beforeEach, describe, it } from 'vitest'

/**
 * The globals of mocha, for the compliance suites of other projects. Our own tests import from
 * vitest instead.
 */

type Body = (this: MochaContext) => unknown

interface MochaContext {
  timeout (ms: number): void
  skip (): void
}

/** The project's `testTimeout` holds for every test. */
function timeout (): void {}

function skip (): void {
  throw new Error('only a test can be skipped')
}

Object.assign(globalThis, {
  before: beforeAll,
  after: afterAll,
  beforeEach,

  // mocha lets a hook have a name before its function
  afterEach: (...args: [Body] | [string, Body]) => {
    const body = args[args.length - 1] as Body

    afterEach(async () => { await body.call({ timeout, skip }) })
  },

  describe: (name: string, body: Body) => {
    describe(name, () => { body.call({ timeout, skip }) })
  },

  it: (name: string, body: Body) => {
    it(name, async ({ skip }) => { await body.call({ timeout, skip: () => skip() }) })
  }
})
