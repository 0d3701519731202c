/**
 * Builds the console into dist/, with a compressed copy beside each file. The launcher runs it after installing, and again
 * when a source has changed; built files are not committed, because they would differ with each change and hide it.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import react from "@vitejs/plugin-react";
import { build } from "vite";
import { writeSchemaTypes } from "./schema-types.ts";

const root = import.meta.dirname;
const output = join(root, "dist");

await writeSchemaTypes();
await build({
  root,
  configFile: false,
  logLevel: "warn",
  plugins: [react()],
  build: {
    target: "es2023",
    outDir: output,
    emptyOutDir: true,
    modulePreload: { polyfill: false },
    // Inlined pictures and fonts would need a weaker content security policy.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 800,
  },
});
compress();
// What the launcher compares: written last, so that half a build is never taken for one.
writeFileSync(join(output, ".built-from"), process.argv[2] ?? "by hand");

function compress(): void {
  for (const entry of readdirSync(output, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.(js|css|svg|html|txt)$/.test(entry.name)) continue;
    const file = join(entry.parentPath, entry.name);
    const plain = readFileSync(file);
    const small = brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } });
    rmSync(`${file}.br`, { force: true });
    // The page itself gets a nonce each time, so a copy of it is of no use.
    if (small.length < plain.length && entry.name !== "index.html") writeFileSync(`${file}.br`, small);
  }
}
