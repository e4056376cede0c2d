import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Certificate } from '../support/certificates.ts'
import type { ChildProcess } from 'node:child_process'

/** Ports of this machine: where nginx listens, and where what is behind it does. */
export interface Routes {
  /** HTTP/2 without TLS, with TLS, and HTTP/1.1. */
  front: { h2c: number, h2: number, http: number }
  back: { http2: number, ws: number }
  certificate: Certificate
}

export interface Nginx extends AsyncDisposable {
  /** Ends it at once, as a crash does. */
  kill (): Promise<void>
}

/** What a user has to write for channels over HTTP/2 and over WebSockets. */
function locations (routes: Routes): { http2: string, ws: string } {
  return {
    http2: `
      location /channels {
        grpc_pass grpc://127.0.0.1:${routes.back.http2};
        client_max_body_size 0;
        client_body_timeout 1h;
        grpc_read_timeout 1h;
        grpc_send_timeout 1h;
      }
      location / {
        grpc_pass grpc://127.0.0.1:${routes.back.http2};
      }`,
    ws: `
      location / {
        proxy_pass http://127.0.0.1:${routes.back.ws};
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection upgrade;
        proxy_read_timeout 1h;
        proxy_send_timeout 1h;
      }`
  }
}

function configuration (folder: string, routes: Routes): string {
  const { http2, ws } = locations(routes)
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join('\n')

  return `
    daemon off;
    master_process off;
    pid ${folder}/nginx.pid;
    error_log stderr notice;
    events {}
    http {
      access_log off;
      ${temporary}
      server { listen 127.0.0.1:${routes.front.h2c} http2; ${http2} }
      server {
        listen 127.0.0.1:${routes.front.h2} ssl http2;
        ssl_certificate ${folder}/cert.pem;
        ssl_certificate_key ${folder}/key.pem;
        ${http2}
      }
      server { listen 127.0.0.1:${routes.front.http}; ${ws} }
    }`
}

/** Starts nginx from a folder of its own, and waits until it listens. */
export async function startNginx (routes: Routes): Promise<Nginx> {
  const folder = await mkdtemp(join(tmpdir(), 'swarmd-nginx-'))

  await writeFile(`${folder}/cert.pem`, routes.certificate.cert)
  await writeFile(`${folder}/key.pem`, routes.certificate.key, { mode: 0o600 })
  await writeFile(`${folder}/nginx.conf`, configuration(folder, routes))

  const child = spawn('nginx', ['-p', folder, '-e', 'stderr', '-c', `${folder}/nginx.conf`], { stdio: ['ignore', 'ignore', 'pipe'] })
  const exited = once(child, 'exit')
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal)
    await exited
  }

  try {
    await started(child)
  } catch (error) {
    await rm(folder, { recursive: true })
    throw error
  }

  return {
    kill: async () => stop('SIGKILL'),
    [Symbol.asyncDispose]: async () => {
      await stop('SIGTERM')
      await rm(folder, { recursive: true })
    }
  }
}

/** It tells its version when its sockets are open. */
async function started (child: ChildProcess): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let said = ''

  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text

    if (said.includes('notice') && said.includes('nginx/')) {
      resolve()
    }
  })
  child.once('error', reject)
  child.once('exit', (code) => { reject(new Error(`nginx ended with ${code}: ${said}`)) })

  return promise
}
