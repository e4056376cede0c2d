import { aggregateBackend } from './aggregate/aggregate.ts'
import { debugBackend } from './debug.ts'
import { dockerclientBackend } from './dockerclient/dockerclient.ts'
import { dockerserverBackend } from './dockerserver/dockerserver.ts'
import { execBackend } from './exec/exec.ts'
import { fakeclientBackend } from './fakeclient.ts'
import { handlerBackend } from './handler.ts'
import { logBackend } from './log.ts'
import { peerBackend } from './peer.ts'
import { simulatorBackend } from './simulator.ts'
import { stdioBackend } from './stdio.ts'
import { http2Backend, tcpBackend, tlsBackend, unixBackend, websocketBackend } from './transports/transports.ts'
import type { Backend } from '../service/index.ts'

/** Every backend that ships, in the order of their names. */
export const BACKENDS: readonly Backend[] = Object.freeze([
  aggregateBackend,
  debugBackend,
  dockerclientBackend,
  dockerserverBackend,
  execBackend,
  fakeclientBackend,
  handlerBackend,
  http2Backend,
  logBackend,
  peerBackend,
  simulatorBackend,
  stdioBackend,
  tcpBackend,
  tlsBackend,
  unixBackend,
  websocketBackend
])
