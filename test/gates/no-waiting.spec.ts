import { describe, expect, it } from 'vitest'
import { findCalls } from '../support/call-search.ts'
import { readTypeScript } from '../support/source-tree.ts'
import type { SourceTree } from '../support/source-tree.ts'

const TIMERS = ['setTimeout', 'setInterval']
const WAITS_ON_THE_CLOCK = new Set([...TIMERS, ...TIMERS.map((name) => `globalThis.${name}`), 'sleep', 'delay', '.sleep', '.delay', 'scheduler.wait'])
const TIME_AND_CHANCE = new Set([
  ...WAITS_ON_THE_CLOCK,
  'setImmediate',
  'Date.now',
  'new Date',
  'performance.now',
  'AbortSignal.timeout',
  'Math.random',
  'crypto.randomUUID'
])

/** Time and chance come in at the bottom, the command line is the outermost rim, and tests drive the loop. */
const MAY_TOUCH_TIME = ['src/base/', 'src/cli/', 'src/testing/']
const MAY_WAIT = ['test/support/']

function without (tree: SourceTree, folders: string[]): SourceTree {
  return new Map([...tree].filter(([path]) => !folders.some((folder) => path.startsWith(folder))))
}

describe('waiting', () => {
  it('happens on the clock in no test', () => {
    expect(findCalls(without(readTypeScript('test'), MAY_WAIT), WAITS_ON_THE_CLOCK)).toEqual([])
  })

  it('and chance enter src through base only', () => {
    expect(findCalls(without(readTypeScript('src'), MAY_TOUCH_TIME), TIME_AND_CHANCE)).toEqual([])
  })
})

describe('the check of waiting', () => {
  it.each([...TIME_AND_CHANCE].filter((name) => !name.startsWith('.')))('finds %s', (name) => {
    expect(findCalls(new Map([['a.ts', `const a = 1\nawait ${name}()`]]), TIME_AND_CHANCE)).toEqual([`a.ts:2 calls ${name}`])
  })

  it('finds a method of anything', () => {
    const [timer] = TIMERS
    const forbidden = new Set([`.${timer}`])

    expect(findCalls(new Map([['a.ts', `this.#timers.${timer}(5)`]]), forbidden)).toEqual([`a.ts:1 calls .${timer}`])
  })

  it('passes over comments, strings, definitions and a date that is given', () => {
    const [timer] = TIMERS
    const text = `// ${timer}()\nconst a = '${timer}()'\nclass A { ${timer} () {} }\nnew Date(5)\nclock.now()`

    expect(findCalls(new Map([['a.ts', text]]), TIME_AND_CHANCE)).toEqual([])
  })
})
