import { duration, file } from './value-types.ts'
import type { Flag, One } from './arguments.ts'

/** Taken by every command, before or after its name. */
export const GLOBAL_OPTIONS = {
  key: { kind: 'one', value: '<file>', type: file, help: 'the private key of this node' } as One<string>,
  timeout: { kind: 'one', value: '<time>', type: duration('ms'), help: 'give up after so long, as 1500, 10s or 2m' } as One<number>,
  json: { kind: 'flag', help: 'print one JSON object a line' } as Flag,
  verbose: { kind: 'flag', short: 'v', help: 'say more on stderr: connections, streams, causes' } as Flag,
  help: { kind: 'flag', short: 'h', help: 'explain the command' } as Flag,
  version: { kind: 'flag', help: 'print the version' } as Flag
} as const

export type GlobalOptions = typeof GLOBAL_OPTIONS
