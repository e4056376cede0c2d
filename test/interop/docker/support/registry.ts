import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { gzipSync } from 'node:zlib'
import type { AddressInfo } from 'node:net'

const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json'

/** A registry with one image, `app:1`, for who knows the password if there is one. */
export interface Registry extends AsyncDisposable {
  /** `127.0.0.1:PORT`; engines speak plain HTTP there. */
  readonly host: string
}

export async function startRegistry (layer: Uint8Array): Promise<Registry> {
  const packed = gzipSync(layer)
  const config = Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux', config: { Cmd: ['sh'] }, rootfs: { type: 'layers', diff_ids: [digestOf(layer)] } }))
  const manifest = Buffer.from(JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: { mediaType: 'application/vnd.docker.container.image.v1+json', size: config.byteLength, digest: digestOf(config) },
    layers: [{ mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip', size: packed.byteLength, digest: digestOf(packed) }]
  }))
  const blobs = new Map<string, Buffer>([config, packed].map((blob) => [`/v2/app/blobs/${digestOf(blob)}`, blob]))

  blobs.set('/v2/', Buffer.from('{}'))

  const server = createServer((request, response) => {
    const isManifest = /^\/v2\/app\/manifests\/(?:1|sha256:.*)$/.test(request.url ?? '')
    const body = isManifest ? manifest : blobs.get(request.url ?? '')

    response.writeHead(body == null ? 404 : 200, {
      'Content-Length': body?.byteLength ?? 0,
      ...isManifest ? { 'Content-Type': MANIFEST, 'Docker-Content-Digest': digestOf(manifest) } : {}
    }).end(request.method === 'HEAD' ? undefined : body)
  }).listen(0, '127.0.0.1')

  await once(server, 'listening')

  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    }
  }
}

function digestOf (bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}
