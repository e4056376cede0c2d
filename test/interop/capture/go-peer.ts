import { PROGRAMS } from '../libp2p/programs.ts'
import { RemotePeer } from '../libp2p/remote-peer.ts'
import type { Launch } from '../libp2p/remote-peer.ts'

const PROGRAM = PROGRAMS['go-libp2p']

let prepared: Promise<Launch> | undefined

/** A node of go-libp2p in a process of its own. Its program is built once a test file. */
export async function startGo (...flags: string[]): Promise<RemotePeer> {
  prepared ??= PROGRAM.prepare()

  return RemotePeer.start(await prepared, flags)
}
