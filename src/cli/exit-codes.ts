/** What the process says when it ends. `docs/cli.md` has a row for each. */
export const EXIT = {
  ok: 0,
  /** Something failed that has no code of its own. */
  failure: 1,
  /** The command line was not understood. */
  usage: 2,
  /** No connection to the peer. */
  dialFailed: 3,
  /** The peer answered, and does not speak the protocol. */
  protocolRefused: 4,
  /** The peer answered, and then took longer than `--timeout`. */
  timedOut: 5,
  /** The key file is missing, damaged, or open to others. */
  keyFile: 6,
  /** None of the addresses can be listened on. */
  listenFailed: 7,
  /** The peer has no such service, or not for us. */
  serviceRefused: 8,
  /** The service answered with an error. */
  serviceFailed: 9,
  /** `swarmd.yml` is wrong. */
  config: 10,
  /** 128 and the number of the signal, as shells do. */
  hangup: 129,
  interrupted: 130,
  /** A pipeline whose output nobody reads any more. */
  brokenPipe: 141,
  terminated: 143
} as const

/** From 0 to 255: one of `EXIT`, or what a stage of a pipeline ended with. */
export type ExitCode = number

/** One line a code, for the help. */
export const EXIT_MEANINGS: ReadonlyArray<readonly [ExitCode, string]> = [
  [EXIT.ok, 'all went well'],
  [EXIT.failure, 'something else failed; the message says what'],
  [EXIT.usage, 'the command line was not understood'],
  [EXIT.dialFailed, 'no connection to the peer'],
  [EXIT.protocolRefused, 'the peer does not speak the protocol'],
  [EXIT.timedOut, 'the peer answered, and then took too long'],
  [EXIT.keyFile, 'the key file is missing, damaged, or open to others'],
  [EXIT.listenFailed, 'none of the addresses can be listened on'],
  [EXIT.serviceRefused, 'the peer has no such service, or not for this node'],
  [EXIT.serviceFailed, 'the service answered with an error'],
  [EXIT.config, 'the config file is wrong'],
  [EXIT.hangup, 'ended by SIGHUP'],
  [EXIT.interrupted, 'ended by SIGINT (Ctrl-C)'],
  [EXIT.brokenPipe, 'nobody read the output of the pipeline any more (SIGPIPE)'],
  [EXIT.terminated, 'ended by SIGTERM']
]
