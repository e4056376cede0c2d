const TRANSPORTS = ['tcp', 'ws', 'quic-v1'] as const
const SECURE_CHANNELS = ['noise', 'tls'] as const
const MUXERS = ['yamux', 'mplex'] as const

/** They bring encryption and streams of their own. */
const STANDALONE: readonly string[] = ['quic-v1']

const DEFAULT_TIMEOUT_SECONDS = 180

export type TransportName = typeof TRANSPORTS[number]
export type SecureChannelName = typeof SECURE_CHANNELS[number]
export type MuxerName = typeof MUXERS[number]
export type Env = Readonly<Record<string, string | undefined>>

/** What the two sides agree on before they meet. */
export interface Stack {
  readonly transport: TransportName
  /** Undefined where the transport is encrypted by itself. */
  readonly secureChannel: SecureChannelName | undefined
  /** Undefined where the transport has streams by itself. */
  readonly muxer: MuxerName | undefined
}

export interface Settings extends Stack {
  readonly isDialer: boolean
  /** Host and port. */
  readonly redis: string
  /** Under which the listener tells its address. */
  readonly key: string
  /** The address that the listener binds. */
  readonly ip: string
  readonly debug: boolean
  readonly timeoutMs: number
  /** How the dialer says what it has measured. */
  readonly report: 'yaml' | 'json'
}

/**
 * What the environment asks for: in the names of unified testing, or, where `IS_DIALER` is not set, in the
 * lower-case names of the test plans before it, which had one Redis a test and a report in JSON.
 *
 * @throws TypeError for a variable that is missing, or has a value that this program does not know
 */
export function readSettings (env: Env): Settings {
  const isLegacy = env.IS_DIALER == null && env.is_dialer != null
  const name = (modern: string, legacy: string): string => isLegacy ? legacy : modern
  const timeout = env[name('TEST_TIMEOUT_SECS', 'test_timeout_secs')]

  return {
    ...readStack(env, name),
    isDialer: oneOf(env, name('IS_DIALER', 'is_dialer'), ['true', 'false']) === 'true',
    redis: isLegacy ? env.redis_addr ?? 'redis:6379' : required(env, 'REDIS_ADDR'),
    key: isLegacy ? 'listenerAddr' : `${required(env, 'TEST_KEY')}_listener_multiaddr`,
    ip: env[name('LISTENER_IP', 'ip')] ?? '0.0.0.0',
    debug: env.DEBUG === 'true',
    timeoutMs: seconds(timeout) * 1000,
    report: isLegacy ? 'json' : 'yaml'
  }
}

function readStack (env: Env, name: (modern: string, legacy: string) => string): Stack {
  const transport = oneOf(env, name('TRANSPORT', 'transport'), TRANSPORTS)

  if (STANDALONE.includes(transport)) {
    return { transport, secureChannel: undefined, muxer: undefined }
  }

  return {
    transport,
    secureChannel: oneOf(env, name('SECURE_CHANNEL', 'security'), SECURE_CHANNELS),
    muxer: oneOf(env, name('MUXER', 'muxer'), MUXERS)
  }
}

function required (env: Env, name: string): string {
  const value = env[name]

  if (value == null || value === '') {
    throw new TypeError(`${name} is not set`)
  }

  return value
}

function oneOf<T extends string> (env: Env, name: string, known: readonly T[]): T {
  const value = required(env, name)
  const found = known.find((one) => one === value)

  if (found == null) {
    throw new TypeError(`${name} must be one of ${known.join(', ')}, received ${value}`)
  }

  return found
}

function seconds (text = String(DEFAULT_TIMEOUT_SECONDS)): number {
  const value = Number(text)

  if (!(value > 0)) {
    throw new TypeError(`TEST_TIMEOUT_SECS must be a number above 0, received ${text}`)
  }

  return value
}
