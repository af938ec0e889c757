/** Types of the server's API from its own OpenAPI document: src/api/schema.ts, written again when the document has changed. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import openapiTS, { astToString } from "openapi-typescript";

const PROGRAM = process.env.VEDETTE ?? "../build/vedette";
const FILE = "src/api/schema.ts";

const text = execFileSync(PROGRAM, ["openapi"], { maxBuffer: 64 << 20 }).toString();
const head = `// Made by tools/api.mjs of the document ${createHash("sha256").update(text).digest("hex")}.\n`;
if (!existsSync(FILE) || !readFileSync(FILE, "utf8").startsWith(head))
  writeFileSync(FILE, head + astToString(await openapiTS(JSON.parse(text))));
