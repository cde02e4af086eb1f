import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

/**
 * Builds the page. Every URL in it is relative, so that it stands wherever it is mounted, and
 * nothing is inline, so that a strict content security policy holds.
 */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  server: { proxy: { '/api': process.env.ONCEOVER_API ?? 'http://127.0.0.1:4100' } },
  build: {
    outDir: fileURLToPath(new URL('../dist/dashboard', import.meta.url)),
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
})
