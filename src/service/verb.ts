/** The verbs, in the order of libswarm, which is their number on the wire; spec-service 2. */
export const VERB_NAMES = ['ack', 'attach', 'connect', 'error', 'file', 'get', 'log', 'ls', 'set', 'spawn', 'start', 'stop', 'watch'] as const

export type VerbName = typeof VERB_NAMES[number]

/** The number of each verb. Note that `ack` is 0: a message without a verb is no message, and no Ack. */
export const VERBS = {
  ack: 0,
  attach: 1,
  connect: 2,
  error: 3,
  file: 4,
  get: 5,
  log: 6,
  ls: 7,
  set: 8,
  spawn: 9,
  start: 10,
  stop: 11,
  watch: 12
} as const satisfies Record<VerbName, number>

export type Verb = typeof VERBS[VerbName]

/** For messages and logs: `attach`, or `verb 99`. */
export function verbName (verb: number): string {
  return VERB_NAMES[verb] ?? `verb ${verb}`
}

export function isVerb (value: unknown): value is Verb {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < VERB_NAMES.length
}
