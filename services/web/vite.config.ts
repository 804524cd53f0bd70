import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

const gateway = process.env.VISUALNN_URL ?? 'http://127.0.0.1:8000'

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { '@': new URL('./src', import.meta.url).pathname } },
  build: {
    target: 'es2022',
    chunkSizeWarningLimit: 2000, // ELK's worker; loaded when a layout is asked for
    assetsInlineLimit: 0, // nothing inline: the Content-Security-Policy allows none
    modulePreload: { polyfill: false },
  },
  worker: { format: 'es' },
  server: { proxy: { '/api': { target: gateway, ws: true }, '/v2': gateway, '/readyz': gateway, '/docs': gateway } },
  test: { environment: 'happy-dom', setupFiles: ['src/testing/setup.ts'], include: ['src/**/*.test.{ts,tsx}'] },
})
