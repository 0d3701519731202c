/** The node's id, made with its data directory and kept in it, so that a restarted node is the same one to the control plane. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { v7 as uuidv7, validate } from "uuid";

export async function readNodeId(directory: string): Promise<string> {
  const path = join(directory, "node-id");
  try {
    const id = (await readFile(path, "utf8")).trim();
    if (validate(id)) return id;
  } catch {
    // Not there yet: a new directory.
  }
  const id = uuidv7();
  await writeFile(path, `${id}\n`, { mode: 0o600 });
  return id;
}
