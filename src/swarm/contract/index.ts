/** What users of a swarm see, as interfaces; no code. */
export type { CloseReason, Connection, ConnectionLimits, ConnectionStat, ConnectionStatus, LimitedPolicy, NewStreamOptions } from './connection.ts'
export type { Connectedness, Notifiee, SwarmErrorDetail, SwarmEvents } from './events.ts'
export type { CallOptions, Direction, Stream, StreamHandler, StreamStat } from './stream.ts'
export type { BackoffView, ByteCount, CloseOptions, DialOptions, DialTarget, HandleOptions, ListenFailure, Swarm, SwarmBandwidth, SwarmNewStreamOptions, SwarmStat } from './swarm.ts'
