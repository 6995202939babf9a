import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'
import { compressed } from './build/compressed'

// Into artifacts/, from where src/Api takes it into its wwwroot. KDR_WEB_OUT names another folder.
const outDir = process.env['KDR_WEB_OUT'] ?? fileURLToPath(new URL('../artifacts/web', import.meta.url))

export default defineConfig({
  base: '/',
  build: { outDir, emptyOutDir: true, target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  plugins: [compressed()],
})
