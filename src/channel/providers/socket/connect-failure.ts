import { CodedError, isCoded } from '../../../base/index.ts'
import { describeFailure } from '../http/describe-failure.ts'

type Explain = (url: URL, error: Error) => string

const MISSING_CERTIFICATE = 'the other side asks for a certificate: give one that it trusts as tls.cert, and its tls.key'

/** By the code of the system, or of OpenSSL. */
const WHY: Readonly<Record<string, Explain>> = {
  ECONNREFUSED: ({ protocol, host, pathname }) => protocol === 'unix:'
    ? `nobody listens at ${pathname}: is the other side running?`
    : `nothing listens at ${host}: is the other side running, and is this its port?`,
  ECONNRESET: () => 'the other side hung up: does it serve channels, and with or without TLS?',
  ENOTFOUND: ({ hostname }) => `there is no host ${hostname}: is it spelled well?`,
  EAI_AGAIN: ({ hostname }) => `no name server answered for ${hostname}: is there a network?`,
  ETIMEDOUT: ({ host }) => `${host} does not answer: is it there, and does a firewall let you pass?`,
  EHOSTUNREACH: ({ hostname }) => `no way leads to ${hostname}: is there a network?`,
  ENETUNREACH: ({ hostname }) => `no way leads to ${hostname}: is there a network?`,
  ENOENT: ({ pathname }) => `there is no socket ${pathname}: is the other side running?`,
  ENOTSOCK: ({ pathname }) => `${pathname} is no socket`,
  EACCES: ({ pathname }) => `this user may not use the socket ${pathname}: look at its owner and mode`,
  EPERM: ({ pathname }) => `this user may not use the socket ${pathname}: look at its owner and mode`,

  DEPTH_ZERO_SELF_SIGNED_CERT: () => 'its certificate is signed by itself: give it as tls.ca to trust it',
  SELF_SIGNED_CERT_IN_CHAIN: () => 'nobody you trust has signed its certificate: give the certificate of its authority as tls.ca',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: () => 'nobody you trust has signed its certificate: give the certificate of its authority as tls.ca',
  UNABLE_TO_GET_ISSUER_CERT: () => 'nobody you trust has signed its certificate: give the certificate of its authority as tls.ca',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: () => 'nobody you trust has signed its certificate: give the certificate of its authority as tls.ca',
  CERT_SIGNATURE_FAILURE: () => 'its certificate was not signed by the authority that it names',
  CERT_HAS_EXPIRED: () => 'its certificate has expired',
  CERT_NOT_YET_VALID: () => 'its certificate is not valid yet: is the clock of this machine right?',
  ERR_TLS_CERT_ALTNAME_INVALID: ({ hostname }, error) => `its certificate is not for ${'host' in error ? String(error.host) : hostname}: give the name that it is for as tls.servername`,
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: () => MISSING_CERTIFICATE,
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: () => MISSING_CERTIFICATE,
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: () => 'the other side does not trust who signed our tls.cert',
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: () => 'the other side does not take our tls.cert',
  ERR_SSL_WRONG_VERSION_NUMBER: () => 'the other side does not speak TLS: use the scheme without TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: () => 'the other side does not speak TLS: use the scheme without TLS',
  EPROTO: () => 'the other side does not speak TLS as this one does'
}

/** What the caller of `connect` is told when no connection came about. */
export function connectFailed (url: URL, error: Error): CodedError {
  const why = explanationOf(error)?.(url, error)

  return new CodedError('ConnectFailed', `cannot connect to ${url.href}: ${why == null ? describe(error) : `${why} (${describe(error)})`}`, { cause: error })
}

/** What ended a handshake, if that has a better explanation than that the connection was lost. */
export function explainHandshake (url: URL, thrown: unknown): unknown {
  const root = isCoded(thrown, 'ConnectFailed') ? rootOf(thrown) : undefined

  return root == null || explanationOf(root) == null ? thrown : connectFailed(url, root)
}

function rootOf (error: Error): Error {
  return error.cause instanceof Error ? rootOf(error.cause) : error
}

function explanationOf (error: Error): Explain | undefined {
  return 'code' in error && typeof error.code === 'string' ? WHY[error.code] : undefined
}

/** An error for several addresses has no message of its own; one of OpenSSL has several lines, and a reason. */
function describe (error: Error): string {
  if ('reason' in error && typeof error.reason === 'string') {
    return error.reason
  }

  return describeFailure(error)
}
