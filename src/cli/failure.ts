import { isCoded, toError } from '../base/index.ts'
import { Stopped } from './command.ts'
import { EXIT } from './exit-codes.ts'
import { printable } from './style.ts'
import { UsageError } from './usage-error.ts'
import type { ExitCode } from './exit-codes.ts'
import type { Output } from './output.ts'
import type { ErrorCode } from '../base/index.ts'

/** Causes printed beneath an error by `--verbose`. */
const MAX_CAUSES = 8

const EXIT_BY_CODE: ReadonlyMap<ErrorCode, ExitCode> = new Map<ErrorCode, ExitCode>([
  ['InvalidAddress', EXIT.usage],
  ['InvalidPeerId', EXIT.usage],
  ['NoConnection', EXIT.dialFailed],
  ['UnsupportedProtocol', EXIT.protocolRefused],
  ['NegotiationFailed', EXIT.protocolRefused],
  ['NegotiationTimeout', EXIT.timedOut],
  ['StreamDeadline', EXIT.timedOut],
  ['InvalidKeyFile', EXIT.keyFile],
  ['UnsafeKeyFile', EXIT.keyFile],
  ['ListenFailed', EXIT.listenFailed],
  ['InvalidArgument', EXIT.usage],
  ['NotFound', EXIT.serviceRefused],
  ['PermissionDenied', EXIT.serviceRefused],
  ['DeadlineExceeded', EXIT.timedOut],
  ['NotImplemented', EXIT.serviceFailed],
  ['AlreadyExists', EXIT.serviceFailed],
  ['Ambiguous', EXIT.serviceFailed],
  ['FailedPrecondition', EXIT.serviceFailed],
  ['Unavailable', EXIT.serviceFailed],
  ['CallCancelled', EXIT.serviceFailed],
  ['NoAnswer', EXIT.serviceFailed],
  ['ServiceFailed', EXIT.serviceFailed],
  ['InvalidConfig', EXIT.config]
])

/** What helps on the command line, in place of what helps in a program. */
const ADVICE: ReadonlyMap<unknown, string> = new Map([
  ['BlackHole', 'nothing came back over this kind of network lately: try an address of another kind'],
  ['DialBackoff', 'wait a little: the peer was dialled in vain just now'],
  ['Gated', 'this node refuses the peer or its address'],
  ['NoAddresses', 'say where the peer is: with --addr, for stages and services with --peer or in the file of -c, or use a multiaddr'],
  ['DialTimeout', 'check that the peer can be reached, or allow more time with --timeout']
])

/** The peer answered, and then not in time. */
export class ReplyTimeout extends Error {
  constructor (what: string, timeoutMs: number) {
    super(`${what} took longer than ${timeoutMs} ms; allow more with --timeout`)
    this.name = 'ReplyTimeout'
  }
}

/** A key file that was named and is not there. */
export class MissingKeyFile extends Error {
  constructor (file: string) {
    super(`there is no key file ${file}; make one with 'swarmd id --key ${file}'`)
    this.name = 'MissingKeyFile'
  }
}

/** What the process says about `error` when it ends. */
export function exitCodeOf (error: unknown): ExitCode {
  if (error instanceof Stopped) {
    return error.exitCode
  }

  if (error instanceof UsageError) {
    return EXIT.usage
  }

  if (error instanceof ReplyTimeout) {
    return EXIT.timedOut
  }

  if (error instanceof MissingKeyFile) {
    return EXIT.keyFile
  }

  if (isDialError(error)) {
    return EXIT.dialFailed
  }

  return isCoded(error) ? EXIT_BY_CODE.get(error.code) ?? EXIT.failure : EXIT.failure
}

/** Tells the person on stderr why the command failed. Being stopped needs no words. */
export async function tellFailure (thrown: unknown, output: Output): Promise<ExitCode> {
  const exitCode = exitCodeOf(thrown)

  if (thrown instanceof Stopped) {
    return exitCode
  }

  const error = toError(thrown)

  await output.note('error', { ...describe(error), exitCode }, toText(error, output))

  return exitCode
}

/** All that an error knows about itself, for programs. */
export function describe (error: Error): Record<string, unknown> {
  return {
    name: error.name,
    ...('code' in error ? { code: error.code } : {}),
    message: error.message,
    ...(hasJson(error) ? error.toJSON() : {})
  }
}

function toText (error: Error, { style, verbose }: Output): string {
  const lines = [`${style.bad('swarmd:')} ${printable(advised(error))}`]

  if (error instanceof UsageError) {
    lines.push(`Try 'swarmd ${error.command == null ? '' : `${error.command} `}--help'.`)
  }

  if (verbose) {
    lines.push(...causes(error))
  }

  return lines.join('\n')
}

/** The message of a failed dial ends in a line of advice for programmers. */
function advised (error: Error): string {
  const advice = ADVICE.get('code' in error ? error.code : undefined)

  return advice == null ? error.message : `${error.message.replace(/\n {2}-> .*$/, '')}\n  -> ${advice}`
}

function causes (error: Error): string[] {
  const lines = [style(error)]
  let current: unknown = error.cause

  for (let depth = 0; depth < MAX_CAUSES && current instanceof Error; depth++) {
    lines.push(`  caused by ${style(current)}`)
    current = current.cause
  }

  return lines
}

function style (error: Error): string {
  return printable(error.stack ?? `${error.name}: ${error.message}`)
}

/** By name: a DialError is an AggregateError with a code of its own choosing. */
function isDialError (error: unknown): boolean {
  return error instanceof AggregateError && error.name === 'DialError'
}

function hasJson (error: Error): error is Error & { toJSON(): Record<string, unknown> } {
  return 'toJSON' in error && typeof error.toJSON === 'function'
}
