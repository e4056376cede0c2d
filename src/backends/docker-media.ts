/** Bytes of a terminal, as they are. */
export const RAW_STREAM = 'application/vnd.docker.raw-stream'

/** Frames of stdout and stderr. */
export const MULTIPLEXED_STREAM = 'application/vnd.docker.multiplexed-stream'

/** What a console carries. Engines before API 1.42 call both raw: only who knows of the terminal can tell. */
export function streamType (hasTerminal: boolean): string {
  return hasTerminal ? RAW_STREAM : MULTIPLEXED_STREAM
}
