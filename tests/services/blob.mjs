// Writes and reads test blobs with Azure's own JavaScript client, so that what clp reads was not written by clp.
// Started as `node blob.mjs ENDPOINT ACCOUNT KEY`. Each request is one JSON line on standard input; where it has
// `bytes`, that many raw bytes follow the line. Each is answered by one JSON line: {"ok": …} or {"error": {…}}.
// Ends with its input, so it never outlives the tests.
import { open } from "node:fs/promises";
import { BlobServiceClient, StorageSharedKeyCredential } from "@azure/storage-blob";

const [endpoint, account, key] = process.argv.slice(2);
const service = new BlobServiceClient(endpoint, new StorageSharedKeyCredential(account, key));

// What every version of the service takes in one block.
const BLOCK_BYTES = 4 * 1024 * 1024;
// Requests in flight where a request asks for many blobs.
const PARALLEL = 16;

// Blobs that this process made: appending to them need not ask first whether they are there.
const made = new Set();

async function appendBlob(request) {
  const client = service.getContainerClient(request.container).getAppendBlobClient(request.blob);
  if (!made.has(client.url)) {
    await client.createIfNotExists();
    made.add(client.url);
  }
  return client;
}

async function appendAll(client, data) {
  for (let at = 0; at < data.length; at += BLOCK_BYTES) {
    const block = data.subarray(at, at + BLOCK_BYTES);
    await client.appendBlock(block, block.length);
  }
}

const describe = (name, p) => ({
  name,
  size: p.contentLength,
  last_modified: p.lastModified.toISOString(),
  created: p.createdOn ? p.createdOn.toISOString() : null,
});

const operations = {
  async container({ container }) {
    await service.getContainerClient(container).createIfNotExists();
  },
  async create(request) {
    await appendBlob(request);
  },
  async append(request, data) {
    await appendAll(await appendBlob(request), data);
  },
  async upload(request) {
    const client = await appendBlob(request);
    const file = await open(request.path);
    try {
      const block = Buffer.alloc(BLOCK_BYTES);
      for (;;) {
        const { bytesRead } = await file.read(block, 0, BLOCK_BYTES);
        if (bytesRead === 0) break;
        await client.appendBlock(block.subarray(0, bytesRead), bytesRead);
      }
    } finally {
      await file.close();
    }
  },
  async fill({ container, blobs }, data) {
    const names = blobs.values();
    const worker = async () => {
      for (const blob of names) await appendAll(await appendBlob({ container, blob }), data);
    };
    await Promise.all(Array.from({ length: PARALLEL }, worker));
  },
  async delete({ container, blob }) {
    const client = service.getContainerClient(container).getBlobClient(blob);
    await client.delete();
    made.delete(client.url);
  },
  async properties({ container, blob }) {
    const client = service.getContainerClient(container).getBlobClient(blob);
    try {
      return describe(blob, await client.getProperties());
    } catch (e) {
      if (e.statusCode === 404) return null;
      throw e;
    }
  },
  async list({ container, prefix }) {
    const found = [];
    for await (const item of service.getContainerClient(container).listBlobsFlat({ prefix })) {
      found.push(describe(item.name, item.properties));
    }
    return found;
  },
};

async function answer(request, data) {
  try {
    return { ok: (await operations[request.op](request, data)) ?? null };
  } catch (e) {
    return { error: { status: e.statusCode ?? null, code: e.code ?? null, message: String(e.message ?? e) } };
  }
}

// Splits standard input into lines and the raw bytes that some of them announce.
const input = process.stdin[Symbol.asyncIterator]();
let held = Buffer.alloc(0);

async function more() {
  const { value, done } = await input.next();
  return done ? null : value;
}

async function readLine() {
  const parts = [];
  for (;;) {
    const end = held.indexOf(10);
    if (end >= 0) {
      parts.push(held.subarray(0, end));
      held = held.subarray(end + 1);
      return Buffer.concat(parts).toString("utf8");
    }
    parts.push(held);
    held = await more();
    if (held === null) return null;
  }
}

async function readBytes(count) {
  const data = Buffer.alloc(count);
  let at = 0;
  while (at < count) {
    if (held.length === 0) held = await more();
    if (held === null) return null;
    const taken = held.copy(data, at, 0, count - at);
    at += taken;
    held = held.subarray(taken);
  }
  return data;
}

for (let line; (line = await readLine()) !== null; ) {
  const request = JSON.parse(line);
  const data = request.bytes === undefined ? undefined : await readBytes(request.bytes);
  process.stdout.write(JSON.stringify(await answer(request, data)) + "\n");
}
