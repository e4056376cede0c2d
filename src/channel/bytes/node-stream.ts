/**
 * What we use of Node's streams, told by their methods: nothing here needs `node:stream`, and streams of
 * userland, sockets, pipes of child processes and HTTP messages are all alike.
 */
export interface NodeStream {
  on(event: string, listener: (argument: unknown) => void): unknown
  off(event: string, listener: (argument: unknown) => void): unknown
  once(event: string, listener: (argument: unknown) => void): unknown
  listeners(event: string): unknown[]
  pause?(): unknown
  resume?(): unknown
  write?(bytes: Uint8Array | string, onDone?: () => void): boolean
  end?(): unknown
  destroy?(error?: Error): unknown
  resetAndDestroy?(): unknown
  readonly readable?: boolean
  readonly writable?: boolean
  readonly readableEnded?: boolean
  readonly writableEnded?: boolean
  readonly destroyed?: boolean
  readonly closed?: boolean
  readonly errored?: unknown
  allowHalfOpen?: boolean
  readonly connecting?: boolean
  readonly remoteAddress?: string
  readonly server?: unknown
}

/** What may be done with a stream. */
export interface NodeSides {
  readonly isReadable: boolean
  readonly isWritable: boolean
  /** Whether it belongs to the process, and nobody may end or destroy it. */
  readonly isStdio: boolean
}

const EMITTER_METHODS = ['on', 'off', 'once', 'listeners']
const READABLE_METHODS = ['read', 'pause', 'resume']
const WRITABLE_METHODS = ['write', 'end']

export function isNodeStream (value: object): value is NodeStream {
  return hasMethods(value, EMITTER_METHODS) && (hasMethods(value, READABLE_METHODS) || hasMethods(value, WRITABLE_METHODS))
}

/** Which directions of a stream can be used still; those that it had if none can, which will tell why. */
export function sidesOf (stream: NodeStream): NodeSides {
  const stdio = stdioSides(stream)

  if (stdio != null) {
    return stdio
  }

  const hasReadable = hasMethods(stream, READABLE_METHODS)
  const hasWritable = hasMethods(stream, WRITABLE_METHODS)
  const isReadable = hasReadable && stream.readable !== false
  const isWritable = hasWritable && stream.writable !== false

  if (isReadable || isWritable) {
    return { isReadable, isWritable, isStdio: false }
  }

  return { isReadable: hasReadable, isWritable: hasWritable, isStdio: false }
}

/**
 * Lets a socket go on writing after its other side has ended, which Node's default does not. Other streams
 * keep their own ways: the output of a child process is a socket, too, and nobody ever ends its input.
 */
export function keepHalfOpen (stream: NodeStream): void {
  const isNetwork = stream.connecting === true || stream.remoteAddress != null || stream.server != null

  if (stream.allowHalfOpen === false && isNetwork) {
    stream.allowHalfOpen = true
  }
}

/** Ends a TCP connection so that its other side sees a reset and not an end; others are left alone. */
export function resetSocket (stream: NodeStream): void {
  if (stream.connecting === true || stream.remoteAddress == null || stream.destroyed === true) {
    return
  }

  try {
    stream.resetAndDestroy?.()
  } catch {
    // TLS cannot do that
  }
}

/** What goes wrong with a stream until it closes ends the process unless somebody listens. */
export function ignoreErrors (stream: NodeStream): void {
  if (stream.closed !== true && !stream.listeners('error').includes(ignore)) {
    stream.on('error', ignore)
    stream.once('close', () => { stream.off('error', ignore) })
  }
}

function ignore (): void {}

interface Stdio {
  readonly stdin?: unknown
  readonly stdout?: unknown
  readonly stderr?: unknown
}

function stdioSides (stream: NodeStream & { fd?: unknown }): NodeSides | undefined {
  const { process } = globalThis as { process?: Stdio }

  // to ask for `process.stdin` opens it, so not before it is likely to be this
  if (stream.fd === 0 && stream === process?.stdin) {
    return { isReadable: true, isWritable: false, isStdio: true }
  }

  if (stream === process?.stdout || stream === process?.stderr) {
    return { isReadable: false, isWritable: true, isStdio: true }
  }

  return undefined
}

function hasMethods (value: object, names: readonly string[]): boolean {
  return names.every((name) => typeof (value as Record<string, unknown>)[name] === 'function')
}
