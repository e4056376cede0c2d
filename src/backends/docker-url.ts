/** Where a Docker API is. */
export type DockerAddress =
  | { readonly kind: 'unix', readonly path: string }
  | { readonly kind: 'tcp', readonly host: string, readonly port: number }

/** As the docker CLI takes it for `-H`. */
export function dockerUrl (address: DockerAddress): string {
  if (address.kind === 'unix') {
    return `unix://${address.path}`
  }

  return `tcp://${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`
}
