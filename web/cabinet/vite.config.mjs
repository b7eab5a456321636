// The built files are embedded in kassad (tools/web). For work on the pages: `npx vite`, with a kassad at KASSA_URL behind it.
import { defineConfig } from 'vite';

export default defineConfig({
  base: '/cabinet/',
  json: { namedExports: false, stringify: true },
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact' },
  build: {
    target: 'es2020',
    // Nothing inline: the policy allows no data: address.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: {
    proxy: { '/cabinet/api': process.env.KASSA_URL ?? 'http://127.0.0.1:8080' },
  },
});
