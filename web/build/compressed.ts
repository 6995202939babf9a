import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import type { Plugin } from 'vite'

const budget = 150 * 1024
const kinds = new Set(['.html', '.js', '.css', '.svg'])

/** Leaves a .br and a .gz beside every file of the built page, and fails the build when the page is larger than its budget. */
export function compressed(): Plugin {
  let folder = ''
  return {
    name: 'compressed',
    apply: 'build',
    configResolved(config) {
      folder = config.build.outDir
    },
    closeBundle() {
      let total = 0
      for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
        if (!kinds.has(extname(name))) continue
        const path = join(folder, name)
        const plain = readFileSync(path)
        const gzip = gzipSync(plain, { level: 9 })
        const brotli = brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } })
        if (gzip.length < plain.length) writeFileSync(`${path}.gz`, gzip)
        if (brotli.length < plain.length) writeFileSync(`${path}.br`, brotli)
        total += Math.min(gzip.length, plain.length)
      }
      if (total > budget) throw new Error(`the page is ${String(total)} bytes compressed by gzip; its budget is ${String(budget)}`)
      console.log(`page: ${(total / 1024).toFixed(1)} KiB gzip of ${String(budget / 1024)}`)
    },
  }
}
