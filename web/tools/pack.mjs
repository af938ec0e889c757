// Leaves a packed form beside each file of the built portal; the server sends it as it is.
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const WORTH_PACKING_BYTES = 1400;

function pack(folder) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const about = statSync(path);
    if (about.isDirectory()) pack(path);
    else if (!name.endsWith(".gz") && about.size > WORTH_PACKING_BYTES)
      writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
  }
}

pack(process.argv[2] ?? "../build/portal");
